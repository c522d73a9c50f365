#include "apis/gantry.dev/v1/container_template.h"

namespace gantry::v1 {
namespace {

std::optional<ContainerTemplate::KeyRef> KeyRefFrom(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  return ContainerTemplate::KeyRef{GetString(json, "name"), GetString(json, "key")};
}

Json KeyRefToJson(const ContainerTemplate::KeyRef& r) { return {{"name", r.name}, {"key", r.key}}; }

ContainerTemplate::EnvVar EnvFrom(const Json& json) {
  const Json& from = GetObject(json, "valueFrom");
  return {GetString(json, "name"), GetString(json, "value"),
          KeyRefFrom(GetAny(from, "secretKeyRef")), KeyRefFrom(GetAny(from, "configMapKeyRef"))};
}

Json EnvToJson(const ContainerTemplate::EnvVar& e) {
  Json json = {{"name", e.name}};
  if (e.secret) json["valueFrom"]["secretKeyRef"] = KeyRefToJson(*e.secret);
  else if (e.config_map) json["valueFrom"]["configMapKeyRef"] = KeyRefToJson(*e.config_map);
  else json["value"] = e.value;
  return json;
}

ContainerTemplate::Port PortFrom(const Json& json) {
  ContainerTemplate::Port p;
  p.container_port = static_cast<int>(GetInt(json, "containerPort"));
  if (GetAny(json, "hostPort").is_number_integer())
    p.host_port = static_cast<int>(GetInt(json, "hostPort"));
  p.host_ip = GetString(json, "hostIP");
  p.protocol = GetString(json, "protocol", "tcp");
  return p;
}

Json PortToJson(const ContainerTemplate::Port& p) {
  Json json = {{"containerPort", p.container_port}, {"protocol", p.protocol}};
  if (p.host_port) json["hostPort"] = *p.host_port;
  if (!p.host_ip.empty()) json["hostIP"] = p.host_ip;
  return json;
}

ContainerTemplate::Mount MountFrom(const Json& json) {
  ContainerTemplate::Mount m;
  m.type = GetString(json, "type");
  m.source = GetString(json, "source");
  m.target = GetString(json, "target");
  m.read_only = GetBool(json, "readOnly");
  m.no_copy = GetBool(json, "noCopy");
  m.sub_path = GetString(json, "subPath");
  m.propagation = GetString(json, "propagation");
  const Json& tmpfs = GetObject(json, "tmpfs");
  m.size_bytes = GetInt(tmpfs, "sizeBytes");
  if (GetAny(tmpfs, "mode").is_number_integer()) m.mode = static_cast<int>(GetInt(tmpfs, "mode"));
  m.options = GetStrings(tmpfs, "options");
  return m;
}

Json MountToJson(const ContainerTemplate::Mount& m) {
  Json json = {{"type", m.type}, {"target", m.target}};
  if (!m.source.empty()) json["source"] = m.source;
  if (m.read_only) json["readOnly"] = true;
  if (m.no_copy) json["noCopy"] = true;
  if (!m.sub_path.empty()) json["subPath"] = m.sub_path;
  if (!m.propagation.empty()) json["propagation"] = m.propagation;
  if (m.size_bytes > 0) json["tmpfs"]["sizeBytes"] = m.size_bytes;
  if (m.mode) json["tmpfs"]["mode"] = *m.mode;
  if (!m.options.empty()) json["tmpfs"]["options"] = m.options;
  return json;
}

ContainerTemplate::Healthcheck HealthcheckFrom(const Json& json) {
  return {GetStrings(json, "test"), GetDouble(json, "intervalSeconds"),
          GetDouble(json, "timeoutSeconds"), GetDouble(json, "startPeriodSeconds"),
          static_cast<int>(GetInt(json, "retries"))};
}

Json HealthcheckToJson(const ContainerTemplate::Healthcheck& h) {
  Json json = {{"test", h.test}};
  if (h.interval_seconds > 0) json["intervalSeconds"] = h.interval_seconds;
  if (h.timeout_seconds > 0) json["timeoutSeconds"] = h.timeout_seconds;
  if (h.start_period_seconds > 0) json["startPeriodSeconds"] = h.start_period_seconds;
  if (h.retries > 0) json["retries"] = h.retries;
  return json;
}

ContainerTemplate::Resources ResourcesFrom(const Json& json) {
  return {GetDouble(json, "cpus"), GetInt(json, "memoryBytes")};
}

void ResourcesToJson(const ContainerTemplate::Resources& r, const char* field, Json* resources) {
  if (r.cpus > 0) (*resources)[field]["cpus"] = r.cpus;
  if (r.memory_bytes > 0) (*resources)[field]["memoryBytes"] = r.memory_bytes;
}

}  // namespace

ContainerTemplate ContainerTemplate::From(const Json& json) {
  ContainerTemplate t;
  t.image = GetString(json, "image");
  t.pull_policy = GetString(json, "pullPolicy", t.pull_policy);
  if (GetAny(json, "entrypoint").is_array()) t.entrypoint = GetStrings(json, "entrypoint");
  if (GetAny(json, "command").is_array()) t.command = GetStrings(json, "command");
  for (const Json& e : GetArray(json, "env")) t.env.push_back(EnvFrom(e));
  for (const Json& p : GetArray(json, "ports")) t.ports.push_back(PortFrom(p));
  for (const Json& m : GetArray(json, "mounts")) t.mounts.push_back(MountFrom(m));
  t.labels = GetStringMap(json, "labels");
  const Json& restart = GetObject(json, "restartPolicy");
  t.restart_policy = GetString(restart, "name", t.restart_policy);
  t.restart_max_retries = static_cast<int>(GetInt(restart, "maximumRetryCount"));
  if (GetAny(json, "healthcheck").is_object())
    t.healthcheck = HealthcheckFrom(GetAny(json, "healthcheck"));
  t.stop_grace_period_seconds =
      static_cast<int>(GetInt(json, "stopGracePeriodSeconds", t.stop_grace_period_seconds));
  const Json& resources = GetObject(json, "resources");
  t.limits = ResourcesFrom(GetAny(resources, "limits"));
  t.reservations = ResourcesFrom(GetAny(resources, "reservations"));
  t.run = RunOptions::From(json);
  return t;
}

Json ContainerTemplate::ToJson() const {
  Json json = {{"image", image}};
  if (pull_policy != "IfNotPresent") json["pullPolicy"] = pull_policy;
  if (entrypoint) json["entrypoint"] = *entrypoint;
  if (command) json["command"] = *command;
  for (const EnvVar& e : env) json["env"].push_back(EnvToJson(e));
  for (const Port& p : ports) json["ports"].push_back(PortToJson(p));
  for (const Mount& m : mounts) json["mounts"].push_back(MountToJson(m));
  if (!labels.empty()) json["labels"] = labels;
  if (restart_policy != "always" || restart_max_retries > 0) {
    json["restartPolicy"]["name"] = restart_policy;
    if (restart_max_retries > 0) json["restartPolicy"]["maximumRetryCount"] = restart_max_retries;
  }
  if (healthcheck) json["healthcheck"] = HealthcheckToJson(*healthcheck);
  if (stop_grace_period_seconds != 10) json["stopGracePeriodSeconds"] = stop_grace_period_seconds;
  Json resources = Json::object();
  ResourcesToJson(limits, "limits", &resources);
  ResourcesToJson(reservations, "reservations", &resources);
  if (!resources.empty()) json["resources"] = std::move(resources);
  run.AddTo(&json);
  return json;
}

}  // namespace gantry::v1
