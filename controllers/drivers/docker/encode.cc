#include <fmt/ranges.h>

#include <cmath>

#include "controllers/drivers/docker/codec.h"

namespace gantry::docker {
namespace {

void SetIf(Json* json, const char* name, const std::string& value) {
  if (!value.empty()) (*json)[name] = value;
}

template <typename T>
void SetIf(Json* json, const char* name, const std::vector<T>& value) {
  if (!value.empty()) (*json)[name] = value;
}

std::string PortKey(const PortBinding& p) {
  return fmt::format("{}/{}", p.container_port, p.protocol);
}

Json EncodeHealthcheck(const Healthcheck& h) {
  Json out = Json::object();
  SetIf(&out, "Test", h.test);
  if (h.interval.count() > 0) out["Interval"] = h.interval.count();
  if (h.timeout.count() > 0) out["Timeout"] = h.timeout.count();
  if (h.start_period.count() > 0) out["StartPeriod"] = h.start_period.count();
  if (h.retries > 0) out["Retries"] = h.retries;
  return out;
}

void SetIf(Json* json, const char* name, const StringMap& value) {
  if (!value.empty()) (*json)[name] = value;
}

void SetIf(Json* json, const char* name, int64_t value) {
  if (value != 0) (*json)[name] = value;
}

// The list of mounts takes no options of a tmpfs but size and mode; the older map takes all.
bool NeedsTmpfsText(const Mount& m) { return m.type == "tmpfs" && !m.options.empty(); }

std::string TmpfsText(const Mount& m) {
  std::string out = fmt::format("{}", fmt::join(m.options, ","));
  if (m.read_only) out += ",ro";
  if (m.size_bytes > 0) out += fmt::format(",size={}", m.size_bytes);
  if (m.mode) out += fmt::format(",mode={:o}", *m.mode);
  return out;
}

Json EncodeMount(const Mount& m) {
  Json out = {{"Type", m.type}, {"Target", m.target}};
  SetIf(&out, "Source", m.source);
  if (m.read_only) out["ReadOnly"] = true;
  if (m.type == "volume" && m.no_copy) out["VolumeOptions"]["NoCopy"] = true;
  if (m.type == "volume" && !m.sub_path.empty()) out["VolumeOptions"]["Subpath"] = m.sub_path;
  if (m.type == "bind") SetIf(&out["BindOptions"], "Propagation", m.propagation);
  if (m.type == "bind" && m.propagation.empty()) out.erase("BindOptions");
  if (m.size_bytes > 0) out["TmpfsOptions"]["SizeBytes"] = m.size_bytes;
  if (m.mode) out["TmpfsOptions"]["Mode"] = *m.mode;
  return out;
}

void EncodeResources(const Resources& r, Json* host) {
  if (r.cpus > 0) (*host)["NanoCpus"] = std::llround(r.cpus * 1e9);
  if (r.memory_bytes > 0) (*host)["Memory"] = r.memory_bytes;
  if (r.memory_reservation_bytes > 0) (*host)["MemoryReservation"] = r.memory_reservation_bytes;
}

Json EncodeRestart(const RestartPolicy& r) {
  Json out = {{"Name", r.name}};
  // The engine refuses a count with any other policy.
  if (r.name == "on-failure" && r.max_retries > 0) out["MaximumRetryCount"] = r.max_retries;
  return out;
}

void EncodeTuning(const RunOptions& run, Json* host) {
  SetIf(host, "MemorySwap", run.memory_swap_bytes);
  if (run.memory_swappiness) (*host)["MemorySwappiness"] = *run.memory_swappiness;
  if (run.pids) (*host)["PidsLimit"] = *run.pids;
  SetIf(host, "CpuShares", run.cpu_shares);
  SetIf(host, "CpuPeriod", run.cpu_period);
  SetIf(host, "CpuQuota", run.cpu_quota);
  SetIf(host, "CpusetCpus", run.cpuset);
  SetIf(host, "BlkioWeight", run.blkio_weight);
  if (run.oom_score_adjustment) (*host)["OomScoreAdj"] = *run.oom_score_adjustment;
  SetIf(host, "ShmSize", run.shm_size_bytes);
  for (const Ulimit& u : run.ulimits)
    (*host)["Ulimits"].push_back({{"Name", u.name}, {"Soft", u.soft}, {"Hard", u.hard}});
  SetIf(host, "Sysctls", run.sysctls);
  SetIf(host, "StorageOpt", run.storage_options);
}

void EncodeIsolation(const RunOptions& run, Json* host) {
  SetIf(host, "GroupAdd", run.groups);
  SetIf(host, "IpcMode", run.ipc);
  SetIf(host, "CapAdd", run.cap_add);
  SetIf(host, "CapDrop", run.cap_drop);
  SetIf(host, "SecurityOpt", run.security_options);
  SetIf(host, "Annotations", run.annotations);
  SetIf(host, "DnsOptions", run.dns_options);
  SetIf(host, "PidMode", run.pid);
  SetIf(host, "UTSMode", run.uts);
  SetIf(host, "UsernsMode", run.userns);
  SetIf(host, "CgroupnsMode", run.cgroup);
  SetIf(host, "CgroupParent", run.cgroup_parent);
  SetIf(host, "Runtime", run.runtime);
  SetIf(host, "DeviceCgroupRules", run.device_cgroup_rules);
  for (const DeviceRequest& d : run.device_requests) {
    Json request = {{"Driver", d.driver}, {"Count", d.count}};
    SetIf(&request, "DeviceIDs", d.ids);
    // The engine takes alternatives, each a list of which all are needed.
    if (!d.capabilities.empty()) request["Capabilities"].push_back(d.capabilities);
    SetIf(&request, "Options", d.options);
    (*host)["DeviceRequests"].push_back(std::move(request));
  }
  for (const Device& d : run.devices) {
    (*host)["Devices"].push_back({{"PathOnHost", d.host_path},
                                  {"PathInContainer", d.container_path},
                                  {"CgroupPermissions", d.permissions}});
  }
  if (run.privileged) (*host)["Privileged"] = true;
  if (run.oom_kill_disable) (*host)["OomKillDisable"] = true;
  if (run.init) (*host)["Init"] = true;
  if (run.read_only) (*host)["ReadonlyRootfs"] = true;
}

}  // namespace

Json EncodeAttachment(const NetworkAttachment& attachment) {
  Json out = Json::object();
  SetIf(&out, "Aliases", attachment.aliases);
  SetIf(&out, "Links", attachment.links);
  if (!attachment.ipv4.empty()) out["IPAMConfig"] = {{"IPv4Address", attachment.ipv4}};
  return out;
}

Json EncodeContainer(const ContainerConfig& config) {
  Json host = {{"RestartPolicy", EncodeRestart(config.restart)}};
  Json out = {{"Image", config.image}, {"Labels", config.labels}};
  if (config.entrypoint) out["Entrypoint"] = *config.entrypoint;
  if (config.command) out["Cmd"] = *config.command;
  SetIf(&out, "Env", config.env);
  SetIf(&out, "WorkingDir", config.working_dir);
  SetIf(&out, "User", config.user);
  SetIf(&out, "Hostname", config.hostname);
  SetIf(&out, "Domainname", config.run.domainname);
  SetIf(&out, "StopSignal", config.stop_signal);
  if (config.stop_timeout_seconds) out["StopTimeout"] = *config.stop_timeout_seconds;
  if (config.tty) out["Tty"] = true;
  if (config.open_stdin) out["OpenStdin"] = true;
  if (config.healthcheck) out["Healthcheck"] = EncodeHealthcheck(*config.healthcheck);
  for (const PortBinding& p : config.ports) {
    out["ExposedPorts"][PortKey(p)] = Json::object();
    if (!p.host_port) continue;
    Json binding = {{"HostPort", *p.host_port == 0 ? "" : std::to_string(*p.host_port)}};
    SetIf(&binding, "HostIp", p.host_ip);
    host["PortBindings"][PortKey(p)].push_back(std::move(binding));
  }
  for (const Mount& m : config.mounts) {
    if (NeedsTmpfsText(m)) host["Tmpfs"][m.target] = TmpfsText(m);
    else host["Mounts"].push_back(EncodeMount(m));
  }
  EncodeResources(config.resources, &host);
  EncodeTuning(config.run, &host);
  EncodeIsolation(config.run, &host);
  SetIf(&host, "Dns", config.dns);
  SetIf(&host, "DnsSearch", config.dns_search);
  SetIf(&host, "ExtraHosts", config.extra_hosts);
  if (!config.log_driver.empty()) {
    host["LogConfig"] = {{"Type", config.log_driver}, {"Config", config.log_options}};
  }
  if (config.network) {
    host["NetworkMode"] = config.network->network;
    const std::string& n = config.network->network;
    // The predefined networks take neither aliases nor addresses.
    if (n != "host" && n != "none" && n != "bridge") {
      out["NetworkingConfig"]["EndpointsConfig"][n] = EncodeAttachment(*config.network);
    }
  }
  out["HostConfig"] = std::move(host);
  return out;
}

Json EncodeUpdate(const ContainerUpdate& update) {
  Json out = Json::object();
  if (update.resources) {
    EncodeResources(*update.resources, &out);
    // Otherwise a limit above the old memory+swap is refused.
    if (update.resources->memory_bytes > 0) out["MemorySwap"] = update.resources->memory_bytes * 2;
  }
  if (update.restart) out["RestartPolicy"] = EncodeRestart(*update.restart);
  return out;
}

Json EncodeNetwork(const NetworkConfig& config) {
  Json out = {{"Name", config.name},
              {"CheckDuplicate", true},  // older daemons allow two of one name
              {"Driver", config.driver},
              {"Labels", config.labels},
              {"Options", config.options}};
  if (config.internal) out["Internal"] = true;
  if (config.attachable) out["Attachable"] = true;
  if (!config.subnet.empty()) {
    Json range = {{"Subnet", config.subnet}};
    SetIf(&range, "Gateway", config.gateway);
    out["IPAM"] = {{"Driver", "default"}, {"Config", Json::array({range})}};
  }
  return out;
}

Json EncodeVolume(const VolumeConfig& config) {
  return {{"Name", config.name},
          {"Driver", config.driver},
          {"DriverOpts", config.driver_options},
          {"Labels", config.labels}};
}

Json EncodeExec(const ExecConfig& config) {
  Json out = {{"Cmd", config.command},
              {"AttachStdin", config.attach_stdin},
              {"AttachStdout", config.attach_stdout},
              {"AttachStderr", config.attach_stderr},
              {"Tty", config.tty}};
  SetIf(&out, "Env", config.env);
  SetIf(&out, "WorkingDir", config.working_dir);
  SetIf(&out, "User", config.user);
  return out;
}

std::string EncodeFilter(const LabelFilter& filter) {
  if (filter.labels.empty()) return "";
  Json list = Json::array();
  for (const auto& [key, value] : filter.labels) {
    list.push_back(value.empty() ? key : key + "=" + value);
  }
  return DumpJson({{"label", std::move(list)}});
}

}  // namespace gantry::docker
