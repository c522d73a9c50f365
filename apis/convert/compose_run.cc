#include "apis/convert/compose_run.h"

#include <fmt/format.h>

#include <algorithm>

namespace gantry::convert {
namespace {

using Texts = v1::RunOptions::Texts;

void AddText(const char* key, const std::string& value, Json* out) {
  if (!value.empty()) (*out)[key] = value;
}
void AddFlag(const char* key, bool value, Json* out) {
  if (value) (*out)[key] = true;
}
void AddList(const char* key, const Texts& values, Json* out) {
  if (!values.empty()) (*out)[key] = values;
}
void AddMap(const char* key, const v1::RunOptions::TextMap& values, Json* out) {
  if (!values.empty()) (*out)[key] = values;
}
void AddNumber(const char* key, int64_t value, Json* out) {
  if (value != 0) (*out)[key] = value;
}

void AddDevices(const v1::RunOptions& run, Json* service) {
  for (const v1::RunOptions::Device& device : run.devices) {
    std::string text = device.host_path;
    if (!device.container_path.empty() || !device.permissions.empty())
      text += ":" + (device.container_path.empty() ? device.host_path : device.container_path);
    if (!device.permissions.empty()) text += ":" + device.permissions;
    (*service)["devices"].push_back(text);
  }
  for (const v1::RunOptions::DeviceRequest& request : run.device_requests) {
    Json json = Json::object();
    AddText("driver", request.driver, &json);
    if (request.count == -1) json["count"] = "all";
    else AddNumber("count", request.count, &json);
    AddList("device_ids", request.ids, &json);
    AddList("capabilities", request.capabilities, &json);
    AddMap("options", request.options, &json);
    (*service)["deploy"]["resources"]["reservations"]["devices"].push_back(std::move(json));
  }
}

void AddNetwork(const v1::RunOptions::Network& network, Json* service) {
  AddText("network_mode", network.mode, service);
  AddText("hostname", network.hostname, service);
  AddText("domainname", network.domainname, service);
  AddList("dns", network.dns, service);
  AddList("dns_search", network.dns_search, service);
  AddList("dns_opt", network.dns_options, service);
  AddList("extra_hosts", network.extra_hosts, service);
}

void AddTuning(const v1::RunOptions::Tuning& tuning, Json* service) {
  AddNumber("memswap_limit", tuning.memory_swap_bytes, service);
  if (tuning.memory_swappiness) (*service)["mem_swappiness"] = *tuning.memory_swappiness;
  if (tuning.pids) (*service)["pids_limit"] = *tuning.pids;
  AddNumber("cpu_shares", tuning.cpu_shares, service);
  AddNumber("cpu_period", tuning.cpu_period, service);
  AddNumber("cpu_quota", tuning.cpu_quota, service);
  AddText("cpuset", tuning.cpuset, service);
  if (tuning.blkio_weight != 0) (*service)["blkio_config"]["weight"] = tuning.blkio_weight;
  if (tuning.oom_score_adjustment) (*service)["oom_score_adj"] = *tuning.oom_score_adjustment;
}

}  // namespace

void AddRunKeys(const v1::RunOptions& run, Json* service) {
  AddText("user", run.user, service);
  AddList("group_add", run.group_add, service);
  AddText("working_dir", run.working_dir, service);
  AddText("stop_signal", run.stop_signal, service);
  AddFlag("init", run.init, service);
  AddFlag("tty", run.tty, service);
  AddFlag("stdin_open", run.stdin_open, service);
  AddFlag("read_only", run.read_only, service);
  AddText("platform", run.platform, service);
  AddText("ipc", run.ipc, service);
  AddText("pid", run.pid, service);
  AddText("uts", run.uts, service);
  AddText("userns_mode", run.userns, service);
  AddText("cgroup", run.cgroup, service);
  AddText("cgroup_parent", run.cgroup_parent, service);
  AddText("runtime", run.runtime, service);
  AddFlag("oom_kill_disable", run.oom_kill_disable, service);
  AddDevices(run, service);
  AddList("device_cgroup_rules", run.device_cgroup_rules, service);
  AddNumber("shm_size", run.shm_size_bytes, service);
  for (const v1::RunOptions::Ulimit& limit : run.ulimits)
    (*service)["ulimits"][limit.name] = {{"soft", limit.soft}, {"hard", limit.hard}};
  AddMap("sysctls", run.sysctls, service);
  AddMap("storage_opt", run.storage_options, service);
  AddMap("annotations", run.annotations, service);
  if (!run.logging.driver.empty()) (*service)["logging"]["driver"] = run.logging.driver;
  if (!run.logging.options.empty()) (*service)["logging"]["options"] = run.logging.options;
  AddNetwork(run.network, service);
  AddFlag("privileged", run.security.privileged, service);
  AddList("cap_add", run.security.cap_add, service);
  AddList("cap_drop", run.security.cap_drop, service);
  AddList("security_opt", run.security.options, service);
  AddTuning(run.tuning, service);
}

}  // namespace gantry::convert
