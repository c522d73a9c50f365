#include "apis/compose/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace gantry::compose {
namespace {

constexpr Treatment kDone = Treatment::kDone;
constexpr Treatment kSilent = Treatment::kSilent;
constexpr Treatment kWarn = Treatment::kWarn;
constexpr Treatment kRefuse = Treatment::kRefuse;

constexpr char kNoBuild[] = "images are not built here; push one and name it in `image`";
constexpr char kNoFiles[] =
    "files in containers are not supported yet; give the values in `environment`, or mount a "
    "volume";
constexpr char kOneNetwork[] = "is ignored: the services of an application share one network";
constexpr char kNoModels[] = "models are not run here; name the address of one in `environment`";
constexpr char kNoHooks[] =
    "hooks are not run here; put the command into the image's entrypoint, or into a service that "
    "the "
    "others depend on";
constexpr char kNoClientFiles[] =
    "files of the client are not at hand here; write the values under `environment`, or use "
    "`kubectl gantry compose up`, which reads the file on the client";

constexpr Key kKeys[] = {
    {Scope::kTop, "services", kDone, ""},
    {Scope::kTop, "volumes", kDone, ""},
    {Scope::kTop, "version", kSilent, ""},
    {Scope::kTop, "name", kWarn, "is ignored: the Application names the project"},
    {Scope::kTop, "networks", kDone, ""},
    {Scope::kTop, "configs", kRefuse, kNoFiles},
    {Scope::kTop, "secrets", kRefuse, kNoFiles},
    {Scope::kTop, "models", kRefuse, kNoModels},
    {Scope::kTop, "include", kRefuse,
     "other files are not at hand here; put their services into the template, or use `kubectl "
     "gantry "
     "compose up`, which reads them on the client"},

    {Scope::kService, "image", kDone, ""},
    {Scope::kService, "command", kDone, ""},
    {Scope::kService, "entrypoint", kDone, ""},
    {Scope::kService, "environment", kDone, ""},
    {Scope::kService, "ports", kDone, ""},
    {Scope::kService, "expose", kDone, ""},
    {Scope::kService, "volumes", kDone, ""},
    {Scope::kService, "tmpfs", kDone, ""},
    {Scope::kService, "depends_on", kDone, ""},
    {Scope::kService, "restart", kDone, ""},
    {Scope::kService, "labels", kDone, ""},
    {Scope::kService, "healthcheck", kDone, ""},
    {Scope::kService, "stop_grace_period", kDone, ""},
    {Scope::kService, "deploy", kDone, ""},
    {Scope::kService, "scale", kDone, ""},
    {Scope::kService, "mem_limit", kDone, ""},
    {Scope::kService, "mem_reservation", kDone, ""},
    {Scope::kService, "cpus", kDone, ""},
    {Scope::kService, "pull_policy", kDone, ""},
    {Scope::kService, "links", kDone, ""},
    {Scope::kService, "cpu_shares", kDone, ""},
    {Scope::kService, "privileged", kDone, ""},
    {Scope::kService, "pid", kDone, ""},
    {Scope::kService, "devices", kDone, ""},
    {Scope::kService, "oom_kill_disable", kDone, ""},
    {Scope::kService, "cgroup", kDone, ""},
    {Scope::kService, "cgroup_parent", kDone, ""},
    {Scope::kService, "device_cgroup_rules", kDone, ""},
    {Scope::kService, "gpus", kDone, ""},
    {Scope::kService, "runtime", kDone, ""},
    {Scope::kService, "userns_mode", kDone, ""},
    {Scope::kService, "uts", kDone, ""},
    {Scope::kService, "user", kDone, ""},
    {Scope::kService, "group_add", kDone, ""},
    {Scope::kService, "working_dir", kDone, ""},
    {Scope::kService, "stop_signal", kDone, ""},
    {Scope::kService, "init", kDone, ""},
    {Scope::kService, "tty", kDone, ""},
    {Scope::kService, "stdin_open", kDone, ""},
    {Scope::kService, "read_only", kDone, ""},
    {Scope::kService, "platform", kDone, ""},
    {Scope::kService, "annotations", kDone, ""},
    {Scope::kService, "storage_opt", kDone, ""},
    {Scope::kService, "logging", kDone, ""},
    {Scope::kService, "log_driver", kDone, ""},
    {Scope::kService, "log_opt", kDone, ""},
    {Scope::kService, "cap_add", kDone, ""},
    {Scope::kService, "cap_drop", kDone, ""},
    {Scope::kService, "security_opt", kDone, ""},
    {Scope::kService, "hostname", kDone, ""},
    {Scope::kService, "domainname", kDone, ""},
    {Scope::kService, "dns", kDone, ""},
    {Scope::kService, "dns_search", kDone, ""},
    {Scope::kService, "dns_opt", kDone, ""},
    {Scope::kService, "dns_options", kDone, ""},
    {Scope::kService, "extra_hosts", kDone, ""},
    {Scope::kService, "network_mode", kDone, ""},
    {Scope::kService, "net", kDone, ""},
    {Scope::kService, "ulimits", kDone, ""},
    {Scope::kService, "sysctls", kDone, ""},
    {Scope::kService, "shm_size", kDone, ""},
    {Scope::kService, "ipc", kDone, ""},
    {Scope::kService, "pids_limit", kDone, ""},
    {Scope::kService, "memswap_limit", kDone, ""},
    {Scope::kService, "mem_swappiness", kDone, ""},
    {Scope::kService, "cpu_period", kDone, ""},
    {Scope::kService, "cpu_quota", kDone, ""},
    {Scope::kService, "cpuset", kDone, ""},
    {Scope::kService, "blkio_config", kDone, ""},
    {Scope::kService, "oom_score_adj", kDone, ""},

    {Scope::kService, "profiles", kDone, ""},
    {Scope::kService, "attach", kSilent, ""},
    {Scope::kService, "container_name", kWarn, ""},
    {Scope::kService, "cpu_count", kWarn, "is ignored: it is for Windows"},
    {Scope::kService, "cpu_percent", kWarn, "is ignored: it is for Windows"},
    {Scope::kService, "cpu_rt_period", kWarn, ""},
    {Scope::kService, "cpu_rt_runtime", kWarn, ""},
    {Scope::kService, "develop", kWarn, "is ignored: it is for work on the client"},
    {Scope::kService, "networks", kDone, ""},
    {Scope::kService, "pull_refresh_after", kWarn, ""},

    {Scope::kService, "build", kRefuse, kNoBuild},
    {Scope::kService, "dockerfile", kRefuse, kNoBuild},
    {Scope::kService, "env_file", kRefuse, kNoClientFiles},
    {Scope::kService, "label_file", kRefuse,
     "files of the client are not at hand here; write the labels under `labels`, or use `kubectl "
     "gantry compose up`, which reads the file on the client"},
    {Scope::kService, "extends", kRefuse,
     "other files are not at hand here; extend a service of this template, or use `kubectl gantry "
     "compose up`, which reads them on the client"},
    {Scope::kService, "mac_address", kRefuse,
     "replicas on one network cannot share a hardware address"},
    {Scope::kService, "configs", kRefuse, kNoFiles},
    {Scope::kService, "credential_spec", kRefuse, "is for Windows"},
    {Scope::kService, "external", kRefuse,
     "services outside of the cluster are not supported yet; name their addresses in "
     "`extra_hosts`"},
    {Scope::kService, "external_links", kRefuse,
     "links to other applications are not supported yet"},
    {Scope::kService, "isolation", kRefuse, ""},
    {Scope::kService, "models", kRefuse, kNoModels},
    {Scope::kService, "post_start", kRefuse, kNoHooks},
    {Scope::kService, "pre_start", kRefuse, kNoHooks},
    {Scope::kService, "pre_stop", kRefuse, kNoHooks},
    {Scope::kService, "provider", kRefuse, "other programs do not run services here"},
    {Scope::kService, "secrets", kRefuse, kNoFiles},
    {Scope::kService, "use_api_socket", kRefuse,
     "whoever has the engine's socket is root on its host"},
    {Scope::kService, "volume_driver", kRefuse, "name the driver in the top-level `volumes`"},
    {Scope::kService, "volumes_from", kRefuse,
     "containers run on any host; share a named volume instead"},

    {Scope::kDeploy, "replicas", kDone, ""},
    {Scope::kDeploy, "mode", kDone, ""},
    {Scope::kDeploy, "update_config", kDone, ""},
    {Scope::kDeploy, "resources", kDone, ""},
    {Scope::kDeploy, "restart_policy", kDone, ""},
    {Scope::kDeploy, "endpoint_mode", kWarn, ""},
    {Scope::kDeploy, "labels", kWarn, ""},
    {Scope::kDeploy, "placement", kDone, ""},
    {Scope::kDeploy, "rollback_config", kWarn, ""},

    {Scope::kUpdateConfig, "parallelism", kDone, ""},
    {Scope::kUpdateConfig, "order", kDone, ""},
    {Scope::kUpdateConfig, "delay", kWarn, ""},
    {Scope::kUpdateConfig, "failure_action", kWarn, ""},
    {Scope::kUpdateConfig, "monitor", kWarn, ""},
    {Scope::kUpdateConfig, "max_failure_ratio", kWarn, ""},

    {Scope::kRestartPolicy, "condition", kDone, ""},
    {Scope::kRestartPolicy, "max_attempts", kDone, ""},
    {Scope::kRestartPolicy, "delay", kWarn, ""},
    {Scope::kRestartPolicy, "window", kWarn, ""},

    {Scope::kResources, "limits", kDone, ""},
    {Scope::kResources, "reservations", kDone, ""},
    {Scope::kLimits, "cpus", kDone, ""},
    {Scope::kLimits, "memory", kDone, ""},
    {Scope::kLimits, "pids", kDone, ""},
    {Scope::kReservations, "cpus", kDone, ""},
    {Scope::kReservations, "memory", kDone, ""},
    {Scope::kReservations, "devices", kDone, ""},
    {Scope::kReservations, "generic_resources", kRefuse, ""},

    {Scope::kHealthcheck, "test", kDone, ""},
    {Scope::kHealthcheck, "interval", kDone, ""},
    {Scope::kHealthcheck, "timeout", kDone, ""},
    {Scope::kHealthcheck, "start_period", kDone, ""},
    {Scope::kHealthcheck, "retries", kDone, ""},
    {Scope::kHealthcheck, "disable", kDone, ""},
    {Scope::kHealthcheck, "start_interval", kWarn, ""},

    {Scope::kLogging, "driver", kDone, ""},
    {Scope::kLogging, "options", kDone, ""},
    {Scope::kDevice, "source", kDone, ""},
    {Scope::kDevice, "target", kDone, ""},
    {Scope::kDevice, "permissions", kDone, ""},
    {Scope::kDeviceRequest, "driver", kDone, ""},
    {Scope::kDeviceRequest, "count", kDone, ""},
    {Scope::kDeviceRequest, "device_ids", kDone, ""},
    {Scope::kDeviceRequest, "capabilities", kDone, ""},
    {Scope::kDeviceRequest, "options", kDone, ""},
    {Scope::kUlimit, "soft", kDone, ""},
    {Scope::kUlimit, "hard", kDone, ""},
    {Scope::kBlkio, "weight", kDone, ""},
    {Scope::kBlkio, "weight_device", kWarn, ""},
    {Scope::kBlkio, "device_read_bps", kWarn, ""},
    {Scope::kBlkio, "device_read_iops", kWarn, ""},
    {Scope::kBlkio, "device_write_bps", kWarn, ""},
    {Scope::kBlkio, "device_write_iops", kWarn, ""},

    {Scope::kPort, "target", kDone, ""},
    {Scope::kPort, "published", kDone, ""},
    {Scope::kPort, "protocol", kDone, ""},
    {Scope::kPort, "host_ip", kDone, ""},
    {Scope::kPort, "mode", kDone, ""},
    {Scope::kPort, "name", kSilent, ""},
    {Scope::kPort, "app_protocol", kSilent, ""},

    {Scope::kMount, "type", kDone, ""},
    {Scope::kMount, "source", kDone, ""},
    {Scope::kMount, "target", kDone, ""},
    {Scope::kMount, "read_only", kDone, ""},
    {Scope::kMount, "bind", kDone, ""},
    {Scope::kMount, "volume", kDone, ""},
    {Scope::kMount, "tmpfs", kDone, ""},
    {Scope::kMount, "consistency", kSilent, ""},
    {Scope::kMount, "image", kRefuse, ""},
    {Scope::kMount, "cluster", kRefuse, ""},
    {Scope::kMountBind, "create_host_path", kDone, ""},
    {Scope::kMountBind, "propagation", kDone, ""},
    {Scope::kMountBind, "recursive", kRefuse, ""},
    {Scope::kMountBind, "selinux", kRefuse, ""},
    {Scope::kMountVolume, "nocopy", kDone, ""},
    {Scope::kMountVolume, "subpath", kDone, ""},
    {Scope::kMountVolume, "labels", kWarn, ""},
    {Scope::kMountTmpfs, "size", kDone, ""},
    {Scope::kMountTmpfs, "mode", kDone, ""},

    {Scope::kDependency, "condition", kDone, ""},
    {Scope::kDependency, "required", kDone, ""},
    {Scope::kDependency, "restart", kWarn, ""},

    {Scope::kVolume, "driver", kDone, ""},
    {Scope::kVolume, "external", kDone, ""},
    {Scope::kVolume, "name", kDone, ""},
    {Scope::kVolume, "driver_opts", kRefuse, ""},
    {Scope::kVolume, "labels", kWarn, ""},

    {Scope::kPlacement, "constraints", kDone, ""},
    {Scope::kPlacement, "preferences", kDone, "nothing acts on it yet"},
    {Scope::kPlacement, "max_replicas_per_node", kDone, ""},
    {Scope::kPreference, "spread", kDone, "nothing acts on it yet"},

    {Scope::kNetwork, "name", kWarn, kOneNetwork},
    {Scope::kNetwork, "driver", kWarn, kOneNetwork},
    {Scope::kNetwork, "driver_opts", kWarn, kOneNetwork},
    {Scope::kNetwork, "ipam", kWarn, kOneNetwork},
    {Scope::kNetwork, "external", kWarn,
     "is ignored: the services of an application share one network, which others do not join"},
    {Scope::kNetwork, "internal", kRefuse,
     "the network would not be isolated: the services of an application share one network"},
    {Scope::kNetwork, "enable_ipv4", kWarn, kOneNetwork},
    {Scope::kNetwork, "enable_ipv6", kWarn, kOneNetwork},
    {Scope::kNetwork, "attachable", kWarn, kOneNetwork},
    {Scope::kNetwork, "labels", kWarn, kOneNetwork},
    {Scope::kServiceNetwork, "aliases", kWarn, ""},
    {Scope::kServiceNetwork, "interface_name", kWarn, kOneNetwork},
    {Scope::kServiceNetwork, "ipv4_address", kWarn,
     "is ignored: addresses are chosen for each container"},
    {Scope::kServiceNetwork, "ipv6_address", kWarn,
     "is ignored: addresses are chosen for each container"},
    {Scope::kServiceNetwork, "link_local_ips", kWarn,
     "is ignored: addresses are chosen for each container"},
    {Scope::kServiceNetwork, "mac_address", kRefuse,
     "replicas on one network cannot share a hardware address"},
    {Scope::kServiceNetwork, "driver_opts", kWarn, kOneNetwork},
    {Scope::kServiceNetwork, "priority", kWarn, kOneNetwork},
    {Scope::kServiceNetwork, "gw_priority", kWarn, kOneNetwork},
};

bool AsksForNothing(const Json& value) {
  return value.is_null() || value == false || (value.is_structured() && value.empty()) ||
         (value.is_string() && (value == "" || value == "false"));
}

// Edits between two words: insertions, deletions, replacements, swaps of neighbours.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    before = last;
    last = row;
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = a[i - 1] == b[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

const char* Noun(Scope scope) {
  switch (scope) {
    case Scope::kTop: return "a template";
    case Scope::kService: return "a service";
    case Scope::kDeploy: return "deploy";
    case Scope::kUpdateConfig: return "update_config";
    case Scope::kRestartPolicy: return "restart_policy";
    case Scope::kResources: return "resources";
    case Scope::kLimits: return "limits";
    case Scope::kReservations: return "reservations";
    case Scope::kHealthcheck: return "healthcheck";
    case Scope::kLogging: return "logging";
    case Scope::kDevice: return "a device";
    case Scope::kDeviceRequest: return "a request for devices";
    case Scope::kUlimit: return "a limit";
    case Scope::kBlkio: return "blkio_config";
    case Scope::kPort: return "a port";
    case Scope::kMount: return "a mount";
    case Scope::kMountBind: return "bind";
    case Scope::kMountVolume: return "volume";
    case Scope::kMountTmpfs: return "tmpfs";
    case Scope::kDependency: return "a dependency";
    case Scope::kVolume: return "a volume";
    case Scope::kPlacement: return "placement";
    case Scope::kPreference: return "a preference";
    case Scope::kNetwork: return "a network";
    case Scope::kServiceNetwork: return "a service's network";
  }
  return "";
}

const std::vector<Key>& Keys() {
  static const std::vector<Key> keys(std::begin(kKeys), std::end(kKeys));
  return keys;
}

const Key* FindKey(Scope scope, std::string_view name) {
  // Each key of a template is looked up, and the table is long.
  static const auto* const index = [] {
    auto* out = new std::map<std::pair<Scope, std::string_view>, const Key*>;
    for (const Key& key : Keys()) out->emplace(std::make_pair(key.scope, key.name), &key);
    return out;
  }();
  const auto it = index->find({scope, name});
  return it == index->end() ? nullptr : it->second;
}

std::string Nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr size_t kLongestWord = 64;
  if (word.size() > kLongestWord) return "";
  std::string best;
  size_t best_distance = std::max<size_t>(1, std::min(word.size(), size_t{9}) / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t shorter = std::min(word.size(), candidate.size());
    if (std::max(word.size(), candidate.size()) - shorter >= best_distance) continue;
    const size_t distance = Distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

bool CheckKey(Scope scope, std::string_view place, const std::string& name, const Json& value,
              Diagnostics* diag) {
  if (name.substr(0, 2) == "x-") return false;
  const std::string at = Join(place, name);
  const Key* key = FindKey(scope, name);
  if (key == nullptr) {
    std::vector<std::string> known;
    for (const Key& k : kKeys) {
      if (k.scope == scope) known.push_back(k.name);
    }
    std::string detail = fmt::format("is not a key of {}", Noun(scope));
    if (const std::string meant = Nearest(name, known); !meant.empty())
      detail += fmt::format("; did you mean \"{}\"?", meant);
    diag->Unsupported(at, name, detail);
    return false;
  }
  if (key->treatment == kDone) return true;
  if (key->treatment == kSilent || AsksForNothing(value)) return false;
  const std::string_view reason = key->reason;
  if (key->treatment == kRefuse)
    diag->Forbidden(at, std::string(reason.empty() ? "is not supported yet" : reason));
  else diag->Warn(at, reason.empty() ? "is not supported yet and was ignored" : reason);
  return false;
}

}  // namespace gantry::compose
