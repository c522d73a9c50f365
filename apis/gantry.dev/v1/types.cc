#include "apis/gantry.dev/v1/types.h"

namespace gantry::v1 {
namespace {

std::vector<std::string> NamesOf(const Json& references) {
  std::vector<std::string> names;
  for (const Json& r : references) names.push_back(GetString(r, "name"));
  return names;
}

}  // namespace

NodeSpec NodeSpec::From(const Object& o) {
  const Json& s = o.spec();
  NodeSpec out;
  out.cluster = GetString(s, "cluster", out.cluster);
  out.endpoint = GetString(s, "endpoint");
  if (const Json& ref = GetAny(s, "tlsSecretRef"); ref.is_object())
    out.tls_secret =
        SecretRef{GetString(ref, "namespace", kSystemNamespace), GetString(ref, "name")};
  out.insecure = GetBool(s, "insecure");
  out.unschedulable = GetBool(s, "unschedulable");
  return out;
}

ApplicationSpec ApplicationSpec::From(const Object& o) {
  const Json& s = o.spec();
  ApplicationSpec out;
  out.cluster = GetString(s, "cluster", out.cluster);
  out.version = GetString(s, "version");
  out.compose = GetString(s, "compose");
  out.parameters = GetStringMap(s, "parameters");
  for (const Json& p : GetArray(s, "parametersFrom")) {
    if (const Json& ref = GetAny(p, "secretRef"); ref.is_object())
      out.parameters_from.push_back({true, GetString(ref, "name")});
    if (const Json& ref = GetAny(p, "configMapRef"); ref.is_object())
      out.parameters_from.push_back({false, GetString(ref, "name")});
  }
  out.profiles = GetStrings(s, "profiles");
  out.update_type = GetString(GetObject(s, "updatePolicy"), "type", out.update_type);
  out.image_pull_secrets = NamesOf(GetArray(s, "imagePullSecrets"));
  out.revision_history_limit =
      static_cast<int>(GetInt(s, "revisionHistoryLimit", out.revision_history_limit));
  out.stopped = GetBool(s, "stopped");
  out.paused = GetBool(s, "paused");
  return out;
}

ServiceSpec ServiceSpec::From(const Object& o) {
  const Json& s = o.spec();
  ServiceSpec out;
  out.cluster = GetString(s, "cluster", out.cluster);
  out.mode = GetString(s, "mode", out.mode);
  out.replicas = static_cast<int>(GetInt(s, "replicas", out.replicas));
  out.stopped = GetBool(s, "stopped");
  out.paused = GetBool(s, "paused");
  out.image_pull_secrets = NamesOf(GetArray(s, "imagePullSecrets"));
  out.tmpl = ContainerTemplate::From(GetObject(s, "template"));
  out.placement = Placement::From(GetObject(s, "placement"));
  out.min_ready_seconds = static_cast<int>(GetInt(s, "minReadySeconds", out.min_ready_seconds));
  const Json& strategy = GetObject(s, "strategy");
  out.strategy_type = GetString(strategy, "type", out.strategy_type);
  const Json& rolling = GetObject(strategy, "rolling");
  out.max_in_flight = static_cast<int>(GetInt(rolling, "maxInFlight", out.max_in_flight));
  out.order = GetString(rolling, "order", out.order);
  for (const Json& d : GetArray(s, "dependsOn"))
    out.depends_on.push_back({GetString(d, "service"), GetString(d, "condition", "Started")});
  out.revision_history_limit =
      static_cast<int>(GetInt(s, "revisionHistoryLimit", out.revision_history_limit));
  return out;
}

Json ServiceSpec::ToJson() const {
  Json json = {{"cluster", cluster},
               {"mode", mode},
               {"replicas", replicas},
               {"template", tmpl.ToJson()},
               {"minReadySeconds", min_ready_seconds},
               {"revisionHistoryLimit", revision_history_limit},
               {"strategy", {{"type", strategy_type}}}};
  if (strategy_type == "Rolling")
    json["strategy"]["rolling"] = {{"maxInFlight", max_in_flight}, {"order", order}};
  if (stopped) json["stopped"] = true;
  if (paused) json["paused"] = true;
  for (const std::string& name : image_pull_secrets)
    json["imagePullSecrets"].push_back({{"name", name}});
  if (!placement.empty()) json["placement"] = placement.ToJson();
  for (const Dependency& d : depends_on)
    json["dependsOn"].push_back({{"service", d.service}, {"condition", d.condition}});
  return json;
}

ContainerSpec ContainerSpec::From(const Object& o) {
  const Json& s = o.spec();
  ContainerSpec out;
  out.cluster = GetString(s, "cluster", out.cluster);
  out.node_name = GetString(s, "nodeName");
  out.revision = GetString(s, "revision");
  out.stopped = GetBool(s, "stopped");
  out.min_ready_seconds = static_cast<int>(GetInt(s, "minReadySeconds", out.min_ready_seconds));
  out.tmpl = ContainerTemplate::From(GetObject(s, "template"));
  out.placement = Placement::From(GetObject(s, "placement"));
  return out;
}

ContainerStatus ContainerStatus::From(const Object& o) {
  const Json& s = o.status();
  return {GetString(s, "phase"), GetBool(s, "ready"), GetString(s, "message"),
          GetString(s, "containerID"), static_cast<int>(GetInt(s, "restartCount"))};
}

VolumeSpec VolumeSpec::From(const Object& o) {
  const Json& s = o.spec();
  VolumeSpec out;
  out.cluster = GetString(s, "cluster", out.cluster);
  out.driver = GetString(s, "driver", out.driver);
  out.reclaim_policy = GetString(s, "reclaimPolicy", out.reclaim_policy);
  return out;
}

}  // namespace gantry::v1
