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
    config.mounts.push_back({m.type, source, m.target, m.read_only, m.no_copy});
  }
  config.restart = {tmpl.restart_policy, tmpl.restart_max_retries};
  config.resources = {tmpl.limits.cpus, tmpl.limits.memory_bytes, tmpl.reservations.memory_bytes};
  // Bounded logs unless the host's daemon is told otherwise: a chatty container must not fill a
  // disk.
  config.log_driver = "json-file";
  config.log_options = {{"max-size", "10m"}, {"max-file", "3"}};
  if (std::string network = NetworkName(container); !network.empty())
    config.network = docker::NetworkAttachment{std::move(network), NetworkAliases(container), ""};
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
