#include "apis/convert/to_compose.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "apis/convert/compose_run.h"
#include "apis/gantry.dev/v1/types.h"

namespace gantry::convert {
namespace {

using Template = v1::ContainerTemplate;

std::string NameOf(const Object& service) {
  const std::string_view name = service.label(v1::kLabelComposeService);
  return std::string(name.empty() ? service.name() : name);
}

// What is written as `$` would be a variable.
void EscapeDollars(Json* json) {
  if (json->is_string()) {
    auto& text = json->get_ref<std::string&>();
    for (size_t at = 0; (at = text.find('$', at)) != std::string::npos; at += 2)
      text.insert(at, 1, '$');
  } else if (json->is_structured()) {
    for (Json& child : *json) EscapeDollars(&child);
  }
}

std::string Seconds(double seconds) {
  return fmt::format("{}ms", static_cast<int64_t>(seconds * 1000 + 0.5));
}

const std::set<std::string_view> kSpecFields = {"cluster",  "mode",      "replicas",
                                                "stopped",  "template",  "minReadySeconds",
                                                "strategy", "dependsOn", "revisionHistoryLimit"};
const std::set<std::string_view> kTemplateFields = {"image",
                                                    "pullPolicy",
                                                    "entrypoint",
                                                    "command",
                                                    "env",
                                                    "ports",
                                                    "mounts",
                                                    "labels",
                                                    "restartPolicy",
                                                    "restartMaxRetries",
                                                    "healthcheck",
                                                    "stopGracePeriodSeconds",
                                                    "resources",
                                                    "user",
                                                    "groupAdd",
                                                    "workingDir",
                                                    "stopSignal",
                                                    "init",
                                                    "tty",
                                                    "stdin",
                                                    "readOnlyRoot",
                                                    "platform",
                                                    "ipc",
                                                    "pid",
                                                    "uts",
                                                    "userns",
                                                    "cgroup",
                                                    "cgroupParent",
                                                    "runtime",
                                                    "oomKillDisable",
                                                    "devices",
                                                    "deviceRequests",
                                                    "deviceCgroupRules",
                                                    "shmSizeBytes",
                                                    "ulimits",
                                                    "sysctls",
                                                    "storageOptions",
                                                    "annotations",
                                                    "logging",
                                                    "network",
                                                    "security",
                                                    "tuning"};

class ServiceWriter {
 public:
  // `names`: of the services in the document, by the objects' names.
  ServiceWriter(const Object& object, const std::map<std::string, std::string>& names,
                std::vector<std::string>* notes)
      : object_(object),
        spec_(v1::ServiceSpec::From(object)),
        tmpl_(spec_.tmpl),
        names_(names),
        notes_(notes) {}

  Json Write() {
    json_["image"] = tmpl_.image;
    if (tmpl_.pull_policy != "IfNotPresent")
      json_["pull_policy"] = tmpl_.pull_policy == "Always" ? "always" : "never";
    if (tmpl_.entrypoint) json_["entrypoint"] = *tmpl_.entrypoint;
    if (tmpl_.command) json_["command"] = *tmpl_.command;
    AddRunKeys(tmpl_.run, &json_);
    WriteEnvironment();
    WritePorts();
    WriteMounts();
    WriteLinks();
    if (!tmpl_.labels.empty()) json_["labels"] = tmpl_.labels;
    WriteLife();
    WriteDeploy();
    WriteDependencies();
    NoteUnknown(object_.spec(), kSpecFields, "spec");
    NoteUnknown(GetObject(object_.spec(), "template"), kTemplateFields, "spec.template");
    return std::move(json_);
  }

 private:
  void Note(const std::string& text) {
    notes_->push_back(fmt::format("service {}: {}", object_.name(), text));
  }

  void WriteEnvironment() {
    for (const Template::EnvVar& variable : tmpl_.env) {
      if (!variable.secret && !variable.config_map) {
        json_["environment"][variable.name] = variable.value;
        continue;
      }
      const bool secret = variable.secret.has_value();
      const Template::KeyRef& ref = secret ? *variable.secret : *variable.config_map;
      json_["environment"][variable.name] = "\x01{" + variable.name + "}";
      Note(fmt::format(
          "the variable {} comes from the key {} of the {} {}, which is now the "
          "parameter {}",
          variable.name, ref.key, secret ? "Secret" : "ConfigMap", ref.name, variable.name));
    }
  }

  void WritePorts() {
    for (const Template::Port& port : tmpl_.ports) {
      const std::string target = port.protocol == "tcp"
                                     ? std::to_string(port.container_port)
                                     : fmt::format("{}/{}", port.container_port, port.protocol);
      if (!port.host_port) {
        json_["expose"].push_back(target);
        continue;
      }
      std::string host;
      if (!port.host_ip.empty())
        host = (port.host_ip.find(':') != std::string::npos ? "[" + port.host_ip + "]"
                                                            : port.host_ip) +
               ":";
      const std::string published = *port.host_port == 0 ? "" : std::to_string(*port.host_port);
      if (!published.empty() || !host.empty()) host += published + ":";
      json_["ports"].push_back(host + target);
    }
  }

  void WriteMounts() {
    for (const Template::Mount& mount : tmpl_.mounts) {
      Json json = {{"type", mount.type}, {"target", mount.target}};
      if (!mount.source.empty()) json["source"] = mount.source;
      if (mount.read_only) json["read_only"] = true;
      if (mount.no_copy) json["volume"]["nocopy"] = true;
      if (!mount.sub_path.empty()) json["volume"]["subpath"] = mount.sub_path;
      if (!mount.propagation.empty()) json["bind"]["propagation"] = mount.propagation;
      if (mount.size_bytes != 0) json["tmpfs"]["size"] = mount.size_bytes;
      if (mount.mode) json["tmpfs"]["mode"] = *mount.mode;
      if (!mount.options.empty()) {
        std::string text = mount.target + ":";
        if (mount.size_bytes != 0) text += fmt::format("size={},", mount.size_bytes);
        if (mount.mode) text += fmt::format("mode={:o},", *mount.mode);
        for (const std::string& option : mount.options) text += option + ",";
        text.pop_back();
        json_["tmpfs"].push_back(text);
        continue;
      }
      json_["volumes"].push_back(std::move(json));
    }
  }

  // Links say the objects' names or those of the document, as they were written.
  void WriteLinks() {
    for (const std::string& link : tmpl_.run.network.links) {
      const size_t colon = link.find(':');
      const std::string target = link.substr(0, colon);
      const auto name = names_.find(target);
      json_["links"].push_back((name == names_.end() ? target : name->second) +
                               (colon == std::string::npos ? "" : link.substr(colon)));
    }
  }

  void WriteLife() {
    if (tmpl_.restart_policy != "always") {
      json_["restart"] = tmpl_.restart_max_retries > 0
                             ? fmt::format("{}:{}", tmpl_.restart_policy, tmpl_.restart_max_retries)
                             : tmpl_.restart_policy;
    }
    if (tmpl_.stop_grace_period_seconds != 10)
      json_["stop_grace_period"] = fmt::format("{}s", tmpl_.stop_grace_period_seconds);
    if (!tmpl_.healthcheck) return;
    const Template::Healthcheck& check = *tmpl_.healthcheck;
    Json& out = json_["healthcheck"];
    out["test"] = check.test;
    if (check.interval_seconds > 0) out["interval"] = Seconds(check.interval_seconds);
    if (check.timeout_seconds > 0) out["timeout"] = Seconds(check.timeout_seconds);
    if (check.start_period_seconds > 0) out["start_period"] = Seconds(check.start_period_seconds);
    if (check.retries > 0) out["retries"] = check.retries;
  }

  void WriteDeploy() {
    Json& deploy = json_["deploy"];
    const auto amounts = [&deploy](const char* which, const Template::Resources& r) {
      if (r.cpus > 0) deploy["resources"][which]["cpus"] = fmt::format("{}", r.cpus);
      if (r.memory_bytes > 0) deploy["resources"][which]["memory"] = std::to_string(r.memory_bytes);
    };
    amounts("limits", tmpl_.limits);
    amounts("reservations", tmpl_.reservations);
    if (spec_.mode == "Global") {
      deploy["mode"] = "global";
    } else {
      deploy["replicas"] = spec_.replicas;
    }
    if (spec_.strategy_type == "Recreate") {
      Note("spec.strategy.type Recreate is the application's updatePolicy, not the document's");
    } else {
      deploy["update_config"] = {
          {"parallelism", spec_.max_in_flight},
          {"order", spec_.order == "StartFirst" ? "start-first" : "stop-first"}};
    }
    if (spec_.stopped) Note("spec.stopped is left out: it would run");
    if (spec_.min_ready_seconds != 2) Note("spec.minReadySeconds is left out");
    if (spec_.revision_history_limit != 10) Note("spec.revisionHistoryLimit is left out");
  }

  void WriteDependencies() {
    for (const v1::ServiceSpec::Dependency& dependency : spec_.depends_on) {
      const auto name = names_.find(dependency.service);
      if (name == names_.end()) {
        Note(fmt::format("spec.dependsOn {} is left out: it is not part of the document",
                         dependency.service));
        continue;
      }
      const char* condition = dependency.condition == "Healthy" ? "service_healthy"
                              : dependency.condition == "Completed"
                                  ? "service_completed_successfully"
                                  : "service_started";
      json_["depends_on"][name->second] = {{"condition", condition}};
    }
  }

  // Fields that nobody here writes: added to the schema since, or without any meaning in Compose.
  void NoteUnknown(const Json& have, const std::set<std::string_view>& written,
                   const std::string& path) {
    for (const auto& [key, value] : have.items()) {
      const bool empty = value.is_null() || (value.is_structured() && value.empty());
      if (!empty && !written.count(key)) Note(fmt::format("{}.{} is left out", path, key));
    }
  }

  const Object& object_;
  const v1::ServiceSpec spec_;
  const Template& tmpl_;
  const std::map<std::string, std::string>& names_;
  std::vector<std::string>* const notes_;
  Json json_ = Json::object();
};

// Marks stand for the `$` of variables, which are not escaped.
void PlaceVariables(Json* json) {
  if (json->is_string()) {
    auto& text = json->get_ref<std::string&>();
    std::replace(text.begin(), text.end(), '\x01', '$');
  } else if (json->is_structured()) {
    for (Json& child : *json) PlaceVariables(&child);
  }
}

}  // namespace

ComposeDocument ToCompose(const std::vector<Object>& services, const std::vector<Object>& volumes) {
  ComposeDocument out;
  out.json = {{"services", Json::object()}};
  std::map<std::string, std::string> names;
  std::set<std::string> taken;
  for (const Object& service : services) {
    // Services of several applications may have one name.
    std::string name = NameOf(service);
    if (!taken.insert(name).second) name = service.name();
    names[std::string(service.name())] = name;
  }
  std::set<std::string> used;
  for (const Object& service : services) {
    Json json = ServiceWriter(service, names, &out.notes).Write();
    for (const Json& mount : GetArray(json, "volumes")) {
      if (GetString(mount, "type") == "volume" && mount.contains("source"))
        used.insert(GetString(mount, "source"));
    }
    out.json["services"][names[std::string(service.name())]] = std::move(json);
  }
  for (const Object& volume : volumes) {
    const std::string name(volume.name());
    out.json["volumes"][name] = Json::object();
    used.erase(name);
    if (GetString(volume.spec(), "reclaimPolicy") == "Retain")
      out.notes.push_back(fmt::format("volume {}: spec.reclaimPolicy Retain is left out", name));
  }
  for (const std::string& name : used)
    out.json["volumes"][name] = {{"external", true}, {"name", name}};
  EscapeDollars(&out.json);
  PlaceVariables(&out.json);
  return out;
}

}  // namespace gantry::convert
