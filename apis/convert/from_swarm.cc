#include "apis/convert/from_swarm.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "apis/machinery/base/encoding.h"
#include "apis/machinery/meta/object.h"

namespace gantry::convert {
namespace {

constexpr char kStack[] = "com.docker.stack.namespace";
constexpr char kStackImage[] = "com.docker.stack.image";
constexpr double kBillion = 1e9;

std::string Seconds(const Json& json, const char* key) {
  return fmt::format("{}ms", GetInt(json, key) / 1000000);
}

// Lists and texts whose keys alone differ.
void Copy(const Json& from, const char* key, const char* to, Json* out) {
  const Json& value = GetAny(from, key);
  const bool empty =
      value.is_null() || value == "" || value == false || (value.is_structured() && value.empty());
  if (!empty) (*out)[to] = value;
}

// The name without that of its stack.
std::string ShortName(const std::string& name, const std::string& stack) {
  const bool prefixed = !stack.empty() && name.starts_with(stack + "_");
  return prefixed ? name.substr(stack.size() + 1) : name;
}

// The key of a ConfigMap for a file: its name, without what keys do not have.
std::string KeyOf(const std::string& path) {
  std::string key = path.substr(path.rfind('/') + 1);
  for (char& c : key) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!fine && c != '-' && c != '.') c = '_';
  }
  return key.find_first_not_of('.') == std::string::npos ? "data" : key;
}

class ServiceReader {
 public:
  ServiceReader(const Swarm& swarm, const Json& service, std::string stack, SwarmStack* out)
      : swarm_(swarm),
        spec_(GetObject(service, "Spec")),
        task_(GetObject(spec_, "TaskTemplate")),
        container_(GetObject(task_, "ContainerSpec")),
        stack_(std::move(stack)),
        name_(ShortName(GetString(spec_, "Name"), stack_)),
        out_(out) {}

  void Read() {
    ReadImage();
    ReadProcess();
    ReadHealth();
    ReadMounts();
    ReadPorts();
    ReadLabels();
    ReadDeploy();
    ReadFiles();
    ReadNetworks();
    out_->compose["services"][name_] = std::move(json_);
  }

 private:
  void Note(const std::string& text) {
    out_->notes.push_back(fmt::format("service {}: {}", name_, text));
  }

  // A stack pins what its tag meant when it was deployed; both together are kept.
  void ReadImage() { json_["image"] = GetString(container_, "Image"); }

  void ReadProcess() {
    Copy(container_, "Command", "entrypoint", &json_);
    Copy(container_, "Args", "command", &json_);
    Copy(container_, "Env", "environment", &json_);
    Copy(container_, "Dir", "working_dir", &json_);
    Copy(container_, "User", "user", &json_);
    Copy(container_, "Groups", "group_add", &json_);
    Copy(container_, "Hostname", "hostname", &json_);
    Copy(container_, "TTY", "tty", &json_);
    Copy(container_, "OpenStdin", "stdin_open", &json_);
    Copy(container_, "ReadOnly", "read_only", &json_);
    Copy(container_, "Init", "init", &json_);
    Copy(container_, "StopSignal", "stop_signal", &json_);
    Copy(container_, "Sysctls", "sysctls", &json_);
    Copy(container_, "CapabilityAdd", "cap_add", &json_);
    Copy(container_, "CapabilityDrop", "cap_drop", &json_);
    const Json& dns = GetObject(container_, "DNSConfig");
    Copy(dns, "Nameservers", "dns", &json_);
    Copy(dns, "Search", "dns_search", &json_);
    Copy(dns, "Options", "dns_opt", &json_);
    if (container_.contains("StopGracePeriod"))
      json_["stop_grace_period"] = Seconds(container_, "StopGracePeriod");
    for (const Json& limit : GetArray(container_, "Ulimits"))
      json_["ulimits"][GetString(limit, "Name")] = {{"soft", GetInt(limit, "Soft")},
                                                    {"hard", GetInt(limit, "Hard")}};
    // As lines of /etc/hosts: the address, then the names.
    for (const Json& line : GetArray(container_, "Hosts")) {
      const std::string text = line.is_string() ? line.get<std::string>() : "";
      const size_t blank = text.find(' ');
      if (blank != std::string::npos)
        json_["extra_hosts"].push_back(text.substr(blank + 1) + ":" + text.substr(0, blank));
    }
    if (container_.contains("Privileges") && !GetObject(container_, "Privileges").empty())
      Note("its privileges (credential spec, SELinux, seccomp, AppArmor) are not taken over");
  }

  void ReadHealth() {
    const Json& check = GetObject(container_, "Healthcheck");
    if (check.empty()) return;
    Json& out = json_["healthcheck"];
    Copy(check, "Test", "test", &out);
    for (const auto& [key, to] : {std::pair<const char*, const char*>{"Interval", "interval"},
                                  {"Timeout", "timeout"},
                                  {"StartPeriod", "start_period"}}) {
      if (GetInt(check, key) > 0) out[to] = Seconds(check, key);
    }
    if (GetInt(check, "Retries") > 0) out["retries"] = GetInt(check, "Retries");
  }

  void ReadMounts() {
    for (const Json& mount : GetArray(container_, "Mounts")) {
      const std::string type = GetString(mount, "Type", "volume");
      if (type != "volume" && type != "bind" && type != "tmpfs") {
        Note(fmt::format("the mount of type {} at {} is not taken over", type,
                         GetString(mount, "Target")));
        continue;
      }
      Json json = {{"type", type}, {"target", GetString(mount, "Target")}};
      std::string source = GetString(mount, "Source");
      if (type == "volume" && !source.empty()) {
        source = ShortName(source, stack_);
        if (!GetObject(out_->compose, "volumes").contains(source))
          out_->notes.push_back(fmt::format(
              "volume {}: its data is not taken over, the new volume is empty", source));
        out_->compose["volumes"][source] = Json::object();
        NoteVolume(mount, source);
      }
      if (!source.empty()) json["source"] = source;
      if (GetBool(mount, "ReadOnly")) json["read_only"] = true;
      if (GetBool(GetObject(mount, "VolumeOptions"), "NoCopy")) json["volume"]["nocopy"] = true;
      const Json& tmpfs = GetObject(mount, "TmpfsOptions");
      if (GetInt(tmpfs, "SizeBytes") > 0) json["tmpfs"]["size"] = GetInt(tmpfs, "SizeBytes");
      if (GetInt(tmpfs, "Mode") > 0) json["tmpfs"]["mode"] = GetInt(tmpfs, "Mode");
      if (GetObject(mount, "BindOptions").contains("Propagation"))
        Note(fmt::format("the propagation of the mount {} is not taken over", source));
      json_["volumes"].push_back(std::move(json));
    }
  }

  void NoteVolume(const Json& mount, const std::string& name) {
    const Json& driver = GetObject(GetObject(mount, "VolumeOptions"), "DriverConfig");
    std::string what = GetString(driver, "Name");
    bool options = !GetObject(driver, "Options").empty();
    for (const Json& volume : swarm_.volumes) {
      if (GetString(volume, "Name") != GetString(mount, "Source")) continue;
      if (what.empty()) what = GetString(volume, "Driver");
      options = options || !GetObject(volume, "Options").empty();
    }
    if (!what.empty() && what != "local")
      Note(fmt::format("volume {} is of the driver {}, which becomes local", name, what));
    if (options) Note(fmt::format("the driver options of volume {} are not taken over", name));
  }

  void ReadPorts() {
    const Json& endpoint = GetObject(spec_, "EndpointSpec");
    for (const Json& port : GetArray(endpoint, "Ports")) {
      Json json = {{"target", GetInt(port, "TargetPort")},
                   {"protocol", GetString(port, "Protocol", "tcp")}};
      const int64_t published = GetInt(port, "PublishedPort");
      if (published > 0) json["published"] = std::to_string(published);
      if (GetString(port, "PublishMode", "ingress") == "ingress" && published > 0)
        Note(
            fmt::format("port {} is published by the hosts that run a container, not by all of "
                        "the swarm, and by one container on each host",
                        published));
      json_["ports"].push_back(std::move(json));
    }
  }

  void ReadLabels() {
    for (const Json* labels : {&GetObject(container_, "Labels"), &GetObject(spec_, "Labels")}) {
      const bool of_service = labels == &GetObject(spec_, "Labels");
      for (const auto& [key, value] : labels->items()) {
        if (key == kStack || key == kStackImage) continue;
        if (of_service) json_["deploy"]["labels"][key] = value;
        else json_["labels"][key] = value;
      }
    }
  }

  void ReadResources(Json* deploy) {
    const Json& resources = GetObject(task_, "Resources");
    for (const auto& [key, to] : {std::pair<const char*, const char*>{"Limits", "limits"},
                                  {"Reservations", "reservations"}}) {
      const Json& amounts = GetObject(resources, key);
      if (GetInt(amounts, "NanoCPUs") > 0)
        (*deploy)["resources"][to]["cpus"] =
            fmt::format("{}", static_cast<double>(GetInt(amounts, "NanoCPUs")) / kBillion);
      if (GetInt(amounts, "MemoryBytes") > 0)
        (*deploy)["resources"][to]["memory"] = std::to_string(GetInt(amounts, "MemoryBytes"));
      if (GetInt(amounts, "Pids") > 0) (*deploy)["resources"][to]["pids"] = GetInt(amounts, "Pids");
      if (!GetArray(amounts, "GenericResources").empty())
        Note("its generic resources are not taken over");
    }
  }

  void ReadDeploy() {
    Json& deploy = json_["deploy"];
    const Json& mode = GetObject(spec_, "Mode");
    if (mode.contains("Global")) deploy["mode"] = "global";
    else if (mode.contains("Replicated"))
      deploy["replicas"] = GetInt(GetObject(mode, "Replicated"), "Replicas", 1);
    else Note("it is a job; it would run as a service");
    ReadResources(&deploy);
    const Json& restart = GetObject(task_, "RestartPolicy");
    const std::string condition = GetString(restart, "Condition", "any");
    if (condition == "none") json_["restart"] = "no";
    if (condition == "on-failure") {
      const int64_t most = GetInt(restart, "MaxAttempts");
      json_["restart"] = most > 0 ? fmt::format("on-failure:{}", most) : condition;
    }
    const Json& update = GetObject(spec_, "UpdateConfig");
    if (!update.empty()) {
      deploy["update_config"]["parallelism"] = GetInt(update, "Parallelism", 1);
      deploy["update_config"]["order"] = GetString(update, "Order", "stop-first");
    }
    Copy(GetObject(task_, "Placement"), "Constraints", "constraints", &deploy["placement"]);
    if (deploy["placement"].empty()) deploy.erase("placement");
    const Json& log = GetObject(task_, "LogDriver");
    if (!log.empty()) {
      Copy(log, "Name", "driver", &json_["logging"]);
      Copy(log, "Options", "options", &json_["logging"]);
    }
  }

  void ReadFiles() {
    for (const Json& config : GetArray(container_, "Configs")) {
      const std::string name = GetString(config, "ConfigName");
      Note(fmt::format("the config {} is not mounted; its data becomes a ConfigMap", name));
      for (const Json& have : swarm_.configs) {
        const Json& spec = GetObject(have, "Spec");
        if (GetString(spec, "Name") != name) continue;
        const Json& file = GetObject(config, "File");
        out_->configs[ShortName(name, stack_)][KeyOf(GetString(file, "Name"))] =
            Base64Decode(GetString(spec, "Data")).value_or("");
      }
    }
    for (const Json& secret : GetArray(container_, "Secrets"))
      Note(fmt::format("the secret {} is not mounted; a swarm does not tell its value",
                       GetString(secret, "SecretName")));
  }

  // Services of one application see each other by name, as those of a stack do.
  void ReadNetworks() {
    for (const Json& attached : GetArray(task_, "Networks")) {
      const std::string id = GetString(attached, "Target");
      for (const Json& network : swarm_.networks) {
        if (GetString(network, "Id") != id && GetString(network, "Name") != id) continue;
        const std::string of = GetString(GetObject(network, "Labels"), kStack);
        const std::string name = GetString(network, "Name");
        if (name == "host") json_["network_mode"] = "host";
        else if (stack_.empty() || of != stack_)
          Note(fmt::format("the network {} is not taken over: it joins that of its application",
                           name));
      }
    }
  }

  const Swarm& swarm_;
  const Json& spec_;
  const Json& task_;
  const Json& container_;
  const std::string stack_;
  const std::string name_;
  SwarmStack* const out_;
  Json json_ = Json::object();
};

// What a JSON text cannot say comes back changed.
bool IsUtf8(const std::string& bytes) {
  const Result<Json> read = ParseJson(DumpJson(Json(bytes)));
  return read.ok() && *read == Json(bytes);
}

void EscapeVariables(Json* json) {
  if (json->is_string()) {
    auto& text = json->get_ref<std::string&>();
    for (size_t at = 0; (at = text.find('$', at)) != std::string::npos; at += 2)
      text.insert(at, 1, '$');
  } else if (json->is_structured()) {
    for (Json& child : *json) EscapeVariables(&child);
  }
}

}  // namespace

std::map<std::string, SwarmStack> FromSwarm(const Swarm& swarm) {
  std::map<std::string, SwarmStack> stacks;
  for (const Json& service : swarm.services) {
    std::string stack = GetString(GetObject(GetObject(service, "Spec"), "Labels"), kStack);
    SwarmStack& out = stacks[stack];
    ServiceReader(swarm, service, std::move(stack), &out).Read();
  }
  for (auto& [name, stack] : stacks) EscapeVariables(&stack.compose);
  return stacks;
}

std::string DnsName(const std::string& name, std::set<std::string>* taken) {
  constexpr size_t kMost = 63;
  constexpr size_t kHash = 8;
  std::string out;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (upper) out += static_cast<char>(c - 'A' + 'a');
    else if (fine) out += c;
    else if (!out.empty()) out += '-';
  }
  const auto trim = [&out] {
    while (!out.empty() && out.back() == '-') out.pop_back();
  };
  trim();
  if (out.empty() || out.size() > kMost || taken->contains(out)) {
    out = out.empty() ? "x" : out.substr(0, kMost - kHash - 1);
    trim();
    out += "-" + StableHash(name).substr(0, kHash);
  }
  taken->insert(out);
  return out;
}

Json ConfigMapOf(const std::string& name, const std::map<std::string, std::string>& data) {
  Json object = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}}}};
  for (const auto& [key, value] : data) {
    if (IsUtf8(value)) object["data"][key] = value;
    else object["binaryData"][key] = Base64Encode(value);
  }
  return object;
}

}  // namespace gantry::convert
