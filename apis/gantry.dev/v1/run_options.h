#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apis/machinery/base/json.h"

namespace gantry::v1 {

// How a container runs beside its image, command and mounts: part of ContainerTemplate. What is
// empty, false or zero is left to the image or the engine.
struct RunOptions {
  using Texts = std::vector<std::string>;
  using TextMap = std::map<std::string, std::string>;

  struct Ulimit {
    std::string name;
    int64_t soft = 0;  // -1: without bound
    int64_t hard = 0;
  };
  struct Logging {
    std::string driver;  // empty: json-file
    TextMap options;
  };
  // Names and name service.
  struct Network {
    std::string mode;  // none | host; empty: the application's network
    std::string hostname;
    std::string domainname;
    Texts dns;
    Texts dns_search;
    Texts dns_options;
    Texts extra_hosts;  // name:address
    Texts links;        // service:alias
  };
  struct Device {
    std::string host_path;
    std::string container_path;  // empty: the host's
    std::string permissions;     // of rwm; empty: all
  };
  // What a device driver of the engine is asked for.
  struct DeviceRequest {
    std::string driver;  // empty: the engine finds one by the capabilities
    int count = 0;       // -1: all; 0 beside ids
    Texts ids;
    Texts capabilities;  // all of them: gpu, compute
    TextMap options;
  };
  struct Security {
    bool privileged = false;
    Texts cap_add;  // names without CAP_, or ALL
    Texts cap_drop;
    Texts options;  // no-new-privileges, apparmor=PROFILE, seccomp=unconfined, ...
  };
  // Limits and weights that the scheduler does not count.
  struct Tuning {
    int64_t memory_swap_bytes = 0;  // memory and swap together; -1: without bound
    std::optional<int> memory_swappiness;
    std::optional<int64_t> pids;  // -1: without bound
    int64_t cpu_shares = 0;
    int64_t cpu_period = 0;
    int64_t cpu_quota = 0;
    std::string cpuset;
    int blkio_weight = 0;
    std::optional<int> oom_score_adjustment;
  };

  std::string user;
  Texts group_add;
  std::string working_dir;
  std::string stop_signal;
  bool init = false;
  bool tty = false;
  bool stdin_open = false;
  bool read_only = false;
  std::string platform;
  std::string ipc;
  std::string pid;     // host; empty: its own
  std::string uts;     // host; empty: its own
  std::string userns;  // host; empty: as the engine was set up
  std::string cgroup;  // host | private; empty: as the engine was set up
  std::string cgroup_parent;
  std::string runtime;  // of those the engine knows; empty: its default
  bool oom_kill_disable = false;
  std::vector<Device> devices;
  std::vector<DeviceRequest> device_requests;
  Texts device_cgroup_rules;  // c 1:3 rwm
  int64_t shm_size_bytes = 0;
  std::vector<Ulimit> ulimits;
  TextMap sysctls;
  TextMap storage_options;
  TextMap annotations;
  Logging logging;
  Network network;
  Security security;
  Tuning tuning;

  // Of, and into, the JSON of the template.
  static RunOptions From(const Json& json);
  // Leaves out what is empty.
  void AddTo(Json* json) const;
};

}  // namespace gantry::v1
