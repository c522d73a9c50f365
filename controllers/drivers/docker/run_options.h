#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

// The part of a container's wish that most containers leave empty. Plain values; what is empty,
// false or zero is not sent.
namespace gantry::docker {

struct Ulimit {
  std::string name;
  int64_t soft = 0;  // -1: without bound
  int64_t hard = 0;
};

struct Device {
  std::string host_path;
  std::string container_path;
  std::string permissions;  // of rwm
};

struct DeviceRequest {
  std::string driver;
  int count = 0;  // -1: all
  std::vector<std::string> ids;
  std::vector<std::string> capabilities;  // all of them
  std::map<std::string, std::string> options;
};

struct RunOptions {
  using Texts = std::vector<std::string>;

  std::string domainname;
  Texts groups;
  bool init = false;
  bool read_only = false;
  std::string ipc;     // none | private | shareable | host
  std::string pid;     // host
  std::string uts;     // host
  std::string userns;  // host
  std::string cgroup;  // host | private
  std::string cgroup_parent;
  std::string runtime;
  bool privileged = false;
  bool oom_kill_disable = false;
  std::vector<Device> devices;
  std::vector<DeviceRequest> device_requests;
  Texts device_cgroup_rules;
  int64_t shm_size_bytes = 0;
  std::vector<Ulimit> ulimits;
  std::map<std::string, std::string> sysctls;
  std::map<std::string, std::string> storage_options;
  std::map<std::string, std::string> annotations;  // left out by engines before API 1.43
  Texts dns_options;
  Texts cap_add;
  Texts cap_drop;
  Texts security_options;
  int64_t memory_swap_bytes = 0;  // with memory; -1: without bound
  std::optional<int> memory_swappiness;
  std::optional<int64_t> pids;  // -1: without bound
  int64_t cpu_shares = 0;
  int64_t cpu_period = 0;
  int64_t cpu_quota = 0;
  std::string cpuset;
  int blkio_weight = 0;
  std::optional<int> oom_score_adjustment;
};

}  // namespace gantry::docker
