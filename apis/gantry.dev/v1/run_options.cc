#include "apis/gantry.dev/v1/run_options.h"

#include "apis/machinery/meta/object.h"

namespace gantry::v1 {
namespace {

class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}

  void operator()(const char* name, std::string& out) { out = GetString(json_, name); }
  void operator()(const char* name, bool& out) { out = GetBool(json_, name); }
  void operator()(const char* name, int& out) { out = static_cast<int>(GetInt(json_, name)); }
  void operator()(const char* name, int64_t& out) { out = GetInt(json_, name); }
  void operator()(const char* name, RunOptions::Texts& out) { out = GetStrings(json_, name); }
  void operator()(const char* name, RunOptions::TextMap& out) { out = GetStringMap(json_, name); }
  template <typename Number>
  void operator()(const char* name, std::optional<Number>& out) {
    if (GetAny(json_, name).is_number_integer()) out = static_cast<Number>(GetInt(json_, name));
  }
  void operator()(const char* name, std::vector<RunOptions::Ulimit>& out) {
    for (const Json& u : GetArray(json_, name))
      out.push_back({GetString(u, "name"), GetInt(u, "soft"), GetInt(u, "hard")});
  }
  void operator()(const char* name, std::vector<RunOptions::Device>& out) {
    for (const Json& d : GetArray(json_, name)) {
      out.push_back(
          {GetString(d, "hostPath"), GetString(d, "containerPath"), GetString(d, "permissions")});
    }
  }
  void operator()(const char* name, std::vector<RunOptions::DeviceRequest>& out) {
    for (const Json& d : GetArray(json_, name)) {
      out.push_back({GetString(d, "driver"), static_cast<int>(GetInt(d, "count")),
                     GetStrings(d, "deviceIDs"), GetStrings(d, "capabilities"),
                     GetStringMap(d, "options")});
    }
  }
  template <typename Visit>
  void Group(const char* name, Visit visit) {
    visit(Reader(GetObject(json_, name)));
  }

 private:
  const Json& json_;
};

class Writer {
 public:
  explicit Writer(Json* json) : json_(json) {}

  void operator()(const char* name, const std::string& value) { Set(name, value, !value.empty()); }
  void operator()(const char* name, const bool& value) { Set(name, value, value); }
  void operator()(const char* name, const int& value) { Set(name, value, value != 0); }
  void operator()(const char* name, const int64_t& value) { Set(name, value, value != 0); }
  void operator()(const char* name, const RunOptions::Texts& value) {
    Set(name, value, !value.empty());
  }
  void operator()(const char* name, const RunOptions::TextMap& value) {
    Set(name, value, !value.empty());
  }
  template <typename Number>
  void operator()(const char* name, const std::optional<Number>& value) {
    if (value) (*json_)[name] = *value;
  }
  void operator()(const char* name, const std::vector<RunOptions::Ulimit>& value) {
    for (const RunOptions::Ulimit& u : value)
      (*json_)[name].push_back({{"name", u.name}, {"soft", u.soft}, {"hard", u.hard}});
  }
  void operator()(const char* name, const std::vector<RunOptions::Device>& value) {
    for (const RunOptions::Device& d : value) {
      Json json = {{"hostPath", d.host_path}};
      if (!d.container_path.empty()) json["containerPath"] = d.container_path;
      if (!d.permissions.empty()) json["permissions"] = d.permissions;
      (*json_)[name].push_back(std::move(json));
    }
  }
  void operator()(const char* name, const std::vector<RunOptions::DeviceRequest>& value) {
    for (const RunOptions::DeviceRequest& d : value) {
      Json json = Json::object();
      Writer member(&json);
      member("driver", d.driver);
      member("count", d.count);
      member("deviceIDs", d.ids);
      member("capabilities", d.capabilities);
      member("options", d.options);
      (*json_)[name].push_back(std::move(json));
    }
  }
  template <typename Visit>
  void Group(const char* name, Visit visit) {
    Json group = Json::object();
    visit(Writer(&group));
    if (!group.empty()) (*json_)[name].update(group);
  }

 private:
  template <typename T>
  void Set(const char* name, const T& value, bool wanted) {
    if (wanted) (*json_)[name] = value;
  }

  Json* json_;
};

// The one list of members and their names, for both directions.
template <typename Options, typename Visitor>
void VisitAll(Options& o, Visitor visitor) {
  visitor("user", o.user);
  visitor("groupAdd", o.group_add);
  visitor("workingDir", o.working_dir);
  visitor("stopSignal", o.stop_signal);
  visitor("init", o.init);
  visitor("tty", o.tty);
  visitor("stdin", o.stdin_open);
  visitor("readOnlyRoot", o.read_only);
  visitor("platform", o.platform);
  visitor("ipc", o.ipc);
  visitor("pid", o.pid);
  visitor("uts", o.uts);
  visitor("userns", o.userns);
  visitor("cgroup", o.cgroup);
  visitor("cgroupParent", o.cgroup_parent);
  visitor("runtime", o.runtime);
  visitor("oomKillDisable", o.oom_kill_disable);
  visitor("devices", o.devices);
  visitor("deviceRequests", o.device_requests);
  visitor("deviceCgroupRules", o.device_cgroup_rules);
  visitor("shmSizeBytes", o.shm_size_bytes);
  visitor("ulimits", o.ulimits);
  visitor("sysctls", o.sysctls);
  visitor("storageOptions", o.storage_options);
  visitor("annotations", o.annotations);
  visitor.Group("logging", [&o](auto group) {
    group("driver", o.logging.driver);
    group("options", o.logging.options);
  });
  visitor.Group("network", [&o](auto group) {
    group("mode", o.network.mode);
    group("hostname", o.network.hostname);
    group("domainname", o.network.domainname);
    group("dns", o.network.dns);
    group("dnsSearch", o.network.dns_search);
    group("dnsOptions", o.network.dns_options);
    group("extraHosts", o.network.extra_hosts);
    group("links", o.network.links);
  });
  visitor.Group("security", [&o](auto group) {
    group("privileged", o.security.privileged);
    group("capAdd", o.security.cap_add);
    group("capDrop", o.security.cap_drop);
    group("options", o.security.options);
  });
  visitor.Group("tuning", [&o](auto group) {
    group("memorySwapBytes", o.tuning.memory_swap_bytes);
    group("memorySwappiness", o.tuning.memory_swappiness);
    group("pids", o.tuning.pids);
    group("cpuShares", o.tuning.cpu_shares);
    group("cpuPeriodMicros", o.tuning.cpu_period);
    group("cpuQuotaMicros", o.tuning.cpu_quota);
    group("cpuset", o.tuning.cpuset);
    group("blkioWeight", o.tuning.blkio_weight);
    group("oomScoreAdjustment", o.tuning.oom_score_adjustment);
  });
}

}  // namespace

RunOptions RunOptions::From(const Json& json) {
  RunOptions out;
  VisitAll(out, Reader(json));
  return out;
}

void RunOptions::AddTo(Json* json) const { VisitAll(*this, Writer(json)); }

}  // namespace gantry::v1
