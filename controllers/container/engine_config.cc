#include "controllers/container/engine_config.h"

#include <algorithm>

#include "controllers/container/labels.h"

namespace gantry::container {
namespace {

Duration Seconds(double s) { return Duration(static_cast<int64_t>(s * 1e9)); }

docker::Healthcheck HealthcheckOf(const v1::ContainerTemplate::Healthcheck& h) {
  return {h.test, Seconds(h.interval_seconds), Seconds(h.timeout_seconds),
          Seconds(h.start_period_seconds), h.retries};
}

// What the engine spells in a place of its own goes into `config`, the rest is one for one.
void SetRunOptions(const v1::RunOptions& run, docker::ContainerConfig* config) {
  config->user = run.user;
  config->working_dir = run.working_dir;
  config->stop_signal = run.stop_signal;
  config->tty = run.tty;
  config->open_stdin = run.stdin_open;
  config->platform = run.platform;
  config->hostname = run.network.hostname;
  config->dns = run.network.dns;
  config->dns_search = run.network.dns_search;
  config->extra_hosts = run.network.extra_hosts;
  docker::RunOptions& out = config->run;
  out.domainname = run.network.domainname;
  out.dns_options = run.network.dns_options;
  out.groups = run.group_add;
  out.init = run.init;
  out.read_only = run.read_only;
  out.ipc = run.ipc;
  out.pid = run.pid;
  out.uts = run.uts;
  out.userns = run.userns;
  out.cgroup = run.cgroup;
  out.cgroup_parent = run.cgroup_parent;
  out.runtime = run.runtime;
  out.device_cgroup_rules = run.device_cgroup_rules;
  for (const auto& d : run.device_requests)
    out.device_requests.push_back({d.driver, d.count, d.ids, d.capabilities, d.options});
  out.privileged = run.security.privileged;
  out.oom_kill_disable = run.oom_kill_disable;
  for (const auto& d : run.devices) {
    out.devices.push_back({d.host_path, d.container_path.empty() ? d.host_path : d.container_path,
                           d.permissions.empty() ? "rwm" : d.permissions});
  }
  out.shm_size_bytes = run.shm_size_bytes;
  for (const auto& u : run.ulimits) out.ulimits.push_back({u.name, u.soft, u.hard});
  out.sysctls = run.sysctls;
  out.storage_options = run.storage_options;
  out.annotations = run.annotations;
  out.cap_add = run.security.cap_add;
  out.cap_drop = run.security.cap_drop;
  out.security_options = run.security.options;
  out.memory_swap_bytes = run.tuning.memory_swap_bytes;
  out.memory_swappiness = run.tuning.memory_swappiness;
  out.pids = run.tuning.pids;
  out.cpu_shares = run.tuning.cpu_shares;
  out.cpu_period = run.tuning.cpu_period;
  out.cpu_quota = run.tuning.cpu_quota;
  out.cpuset = run.tuning.cpuset;
  out.blkio_weight = run.tuning.blkio_weight;
  out.oom_score_adjustment = run.tuning.oom_score_adjustment;
}

bool IsNamedVolume(const v1::ContainerTemplate::Mount& m) {
  return m.type == "volume" && !m.source.empty();
}

}  // namespace

docker::ContainerConfig MakeEngineConfig(const std::string& installation, const Object& container,
                                         const v1::ContainerTemplate& tmpl,
                                         std::vector<std::string> env) {
  docker::ContainerConfig config;
  config.name = EngineName(container);
  config.image = tmpl.image;
  config.entrypoint = tmpl.entrypoint;
  config.command = tmpl.command;
  config.env = std::move(env);
  config.labels = EngineLabels(installation, container);
  config.stop_timeout_seconds = tmpl.stop_grace_period_seconds;
  if (tmpl.healthcheck) config.healthcheck = HealthcheckOf(*tmpl.healthcheck);
  for (const auto& p : tmpl.ports)
    config.ports.push_back({p.container_port, p.protocol, p.host_ip, p.host_port});
  for (const auto& m : tmpl.mounts) {
    const std::string source = IsNamedVolume(m) ? VolumeName(container.ns(), m.source) : m.source;
    config.mounts.push_back({m.type, source, m.target, m.read_only, m.no_copy, m.size_bytes, m.mode,
                             m.options, m.sub_path, m.propagation});
  }
  config.restart = {tmpl.restart_policy, tmpl.restart_max_retries};
  config.resources = {tmpl.limits.cpus, tmpl.limits.memory_bytes, tmpl.reservations.memory_bytes};
  SetRunOptions(tmpl.run, &config);
  config.log_driver = tmpl.run.logging.driver;
  config.log_options = tmpl.run.logging.options;
  // Bounded logs unless told otherwise: a chatty container must not fill a disk.
  if (config.log_driver.empty()) config.log_driver = "json-file";
  if (config.log_driver == "json-file") {
    config.log_options.emplace("max-size", "10m");
    config.log_options.emplace("max-file", "3");
  }
  if (const std::string& mode = tmpl.run.network.mode; mode == "none" || mode == "host") {
    config.network = docker::NetworkAttachment{mode, {}, "", {}};
  } else if (std::string network = NetworkName(container); !network.empty()) {
    config.network = docker::NetworkAttachment{std::move(network), NetworkAliases(container), "",
                                               tmpl.run.network.links};
  }
  return config;
}

std::vector<std::string> NamedVolumes(const v1::ContainerTemplate& tmpl) {
  std::vector<std::string> names;
  for (const auto& m : tmpl.mounts) {
    if (IsNamedVolume(m) && std::find(names.begin(), names.end(), m.source) == names.end())
      names.push_back(m.source);
  }
  return names;
}

}  // namespace gantry::container
