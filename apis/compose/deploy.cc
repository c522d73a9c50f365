#include "apis/compose/deploy.h"

#include <fmt/format.h>

#include <algorithm>

#include "apis/compose/keys.h"
#include "apis/compose/placement.h"
#include "apis/compose/run_options.h"

namespace gantry::compose {
namespace {

constexpr int64_t kMaxRetries = 1000000;
constexpr int64_t kMinMemory = 4 << 20;

// The member `key` of the map at `field`, when it is there and not null.
std::optional<Field> Find(const Field& field, const char* key) {
  if (!field.value.is_object()) return std::nullopt;
  const auto it = field.value.find(key);
  if (it == field.value.end() || it->is_null()) return std::nullopt;
  return Field{*it, Join(field.place, key)};
}

// `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:N`.
void ReadRestart(const Field& field, v1::ContainerTemplate* tmpl, Diagnostics* diag) {
  // YAML 1.1 writes the policy `no` as the boolean false.
  const std::string text = field.value == false ? "no" : ScalarText(field.value).value_or("");
  const size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const bool known =
      name == "no" || name == "always" || name == "unless-stopped" || name == "on-failure";
  if (!known || (colon != std::string::npos && name != "on-failure")) {
    return diag->Unsupported(field.place, field.value,
                             "must be no, always, unless-stopped, on-failure or on-failure:N");
  }
  tmpl->restart_policy = name;
  if (colon == std::string::npos) return;
  const auto retries = ParseWhole(text.substr(colon + 1));
  if (!retries || *retries < 0 || *retries > kMaxRetries) {
    return diag->Invalid(field.place, field.value,
                         "the number of retries must be a whole number of at least 0");
  }
  tmpl->restart_max_retries = static_cast<int>(*retries);
}

// `deploy.restart_policy`.
void ReadRestartPolicy(const Field& policy, v1::ContainerTemplate* tmpl, Diagnostics* diag) {
  if (!IsMap(policy, diag)) return;
  tmpl->restart_policy = "always";
  for (const auto& [key, value] : policy.value.items()) {
    if (!CheckKey(Scope::kRestartPolicy, policy.place, key, value, diag)) continue;
    const Field field = policy.Member(key);
    if (key == "max_attempts") {
      tmpl->restart_max_retries =
          static_cast<int>(ReadWhole(field, 0, kMaxRetries, diag).value_or(0));
    } else if (value == "none") {
      tmpl->restart_policy = "no";
    } else if (value == "on-failure") {
      tmpl->restart_policy = "on-failure";
    } else if (value != "any") {
      diag->Unsupported(field.place, value, "must be none, on-failure or any");
    }
  }
  if (tmpl->restart_max_retries > 0 && tmpl->restart_policy != "on-failure") {
    tmpl->restart_max_retries = 0;
    diag->Warn(Join(policy.place, "max_attempts"), "is ignored: it goes with on-failure only");
  }
}

void ReadUpdateConfig(const Field& config, v1::ServiceSpec* spec, Diagnostics* diag) {
  if (!IsMap(config, diag)) return;
  for (const auto& [key, value] : config.value.items()) {
    if (!CheckKey(Scope::kUpdateConfig, config.place, key, value, diag)) continue;
    const Field field = config.Member(key);
    if (key == "parallelism") {
      const int64_t number = ReadWhole(field, 0, kMaxReplicas, diag).value_or(1);
      // 0 is Compose's word for all at once.
      spec->max_in_flight = static_cast<int>(number > 0 ? number : std::max(1, spec->replicas));
    } else if (value == "start-first") {
      spec->order = "StartFirst";
    } else if (value != "stop-first") {
      diag->Unsupported(field.place, value, "must be start-first or stop-first");
    }
  }
}

void ReadMemory(const Field& field, bool limit, int64_t* out, Diagnostics* diag) {
  const auto bytes = ReadBytes(field, diag);
  if (!bytes) return;
  if (limit && *bytes > 0 && *bytes < kMinMemory)
    return diag->Invalid(field.place, field.value, "must be at least 4m");
  if (*out > 0 && *out != *bytes)
    return diag->Invalid(field.place, field.value, "differs from what `deploy.resources` says");
  *out = *bytes;
}

void ReadCpus(const Field& field, double* out, Diagnostics* diag) {
  const auto cpus = ReadNumber(field, diag);
  if (!cpus) return;
  if (*out > 0 && *out != *cpus)
    return diag->Invalid(field.place, field.value, "differs from what `deploy.resources` says");
  *out = *cpus;
}

void ReadResourceSet(Scope scope, const Field& set, v1::ContainerTemplate::Resources* out,
                     Diagnostics* diag) {
  if (!IsMap(set, diag)) return;
  for (const auto& [key, value] : set.value.items()) {
    if (!CheckKey(scope, set.place, key, value, diag) || value.is_null()) continue;
    if (key == "cpus") ReadCpus(set.Member(key), &out->cpus, diag);
    else if (key == "memory")
      ReadMemory(set.Member(key), scope == Scope::kLimits, &out->memory_bytes, diag);
  }
}

void ReadPids(const Field& limits, v1::ContainerTemplate* tmpl, Diagnostics* diag) {
  if (const auto pids = Find(limits, "pids"))
    tmpl->run.tuning.pids = ReadWhole(*pids, -1, int64_t{1} << 62, diag);
}

void ReadReservedDevices(const Field& reservations, v1::RunOptions* run, Diagnostics* diag) {
  const auto devices = Find(reservations, "devices");
  if (!devices) return;
  const size_t before = run->device_requests.size();
  ReadDeviceRequests(*devices, &run->device_requests, diag);
  for (size_t i = before; i < run->device_requests.size(); ++i) {
    if (!run->device_requests[i].capabilities.empty()) continue;
    diag->Required(Join(Join(devices->place, i - before), "capabilities"),
                   "says what the device must do, such as [gpu]");
  }
}

void ReadResources(const Field& resources, v1::ContainerTemplate* tmpl, Diagnostics* diag) {
  if (!IsMap(resources, diag)) return;
  for (const auto& [key, value] : resources.value.items()) {
    if (!CheckKey(Scope::kResources, resources.place, key, value, diag)) continue;
    if (key == "limits") {
      ReadResourceSet(Scope::kLimits, resources.Member(key), &tmpl->limits, diag);
      ReadPids(resources.Member(key), tmpl, diag);
    } else {
      ReadResourceSet(Scope::kReservations, resources.Member(key), &tmpl->reservations, diag);
      ReadReservedDevices(resources.Member(key), &tmpl->run, diag);
    }
  }
}

void ReadMode(const Field& mode, v1::ServiceSpec* spec, Diagnostics* diag) {
  if (mode.value == "global") spec->mode = "Global";
  else if (mode.value == "replicated-job" || mode.value == "global-job")
    diag->Forbidden(mode.place, "jobs are not supported yet");
  else if (mode.value != "replicated" && !mode.value.is_null())
    diag->Unsupported(mode.place, mode.value, "must be replicated or global");
}

// A service with one container per node has no number of its own.
void ReadGlobal(const Field& service, const LabelSettings& labels, v1::ServiceSpec* spec,
                Diagnostics* diag) {
  if (labels.global) spec->mode = *labels.global ? "Global" : "Replicated";
  if (spec->mode != "Global") return;
  const auto deploy = Find(service, "deploy");
  for (const auto& field :
       {deploy ? Find(*deploy, "replicas") : std::nullopt, Find(service, "scale")}) {
    if (field) diag->Forbidden(field->place, "a global service has one container on each node");
  }
  if (labels.scale && !Find(service, "scale"))
    diag->Warn(Join(service.place, "labels"),
               "the label for scale is ignored: a global service has one container on each node");
}

void ReadDeploySection(const Field& deploy, v1::ServiceSpec* spec, Diagnostics* diag) {
  if (!IsMap(deploy, diag)) return;
  for (const auto& [key, value] : deploy.value.items()) {
    if (!CheckKey(Scope::kDeploy, deploy.place, key, value, diag)) continue;
    const Field field = deploy.Member(key);
    if (key == "mode") ReadMode(field, spec, diag);
    else if (key == "update_config") ReadUpdateConfig(field, spec, diag);
    else if (key == "resources") ReadResources(field, &spec->tmpl, diag);
    else if (key == "restart_policy") ReadRestartPolicy(field, &spec->tmpl, diag);
    else if (key == "placement") ReadPlacement(field, &spec->placement, diag);
  }
}

}  // namespace

std::optional<int> ReadReplicas(const Field& service, const LabelSettings& labels,
                                Diagnostics* diag) {
  std::optional<int64_t> out;
  const auto deploy = Find(service, "deploy");
  for (const auto& field :
       {deploy ? Find(*deploy, "replicas") : std::nullopt, Find(service, "scale")}) {
    if (!field) continue;
    const auto number = ReadWhole(*field, 0, kMaxReplicas, diag);
    if (out && number && *number != *out)
      diag->Invalid(field->place, field->value, "differs from what `deploy.replicas` says");
    if (number) out = number;
  }
  if (labels.scale) {
    if (out && *out != *labels.scale)
      diag->Warn(service.place, fmt::format("the label for scale ({}) wins over {} replicas",
                                            *labels.scale, *out));
    out = labels.scale;
  }
  if (!out) return std::nullopt;
  return static_cast<int>(*out);
}

void ReadDeploy(const Field& service, const LabelSettings& labels, v1::ServiceSpec* spec,
                Diagnostics* diag) {
  if (const auto field = Find(service, "deploy")) ReadDeploySection(*field, spec, diag);
  ReadGlobal(service, labels, spec, diag);
  // Both spellings may be there: Compose prefers the one under `deploy`.
  const auto deploy = Find(service, "deploy");
  const bool has_policy = deploy && Find(*deploy, "restart_policy").has_value();
  if (const auto field = Find(service, "restart")) {
    if (has_policy) diag->Warn(field->place, "is ignored, because deploy.restart_policy is there");
    else ReadRestart(*field, &spec->tmpl, diag);
  }
  v1::ContainerTemplate& tmpl = spec->tmpl;
  if (const auto field = Find(service, "cpus")) ReadCpus(*field, &tmpl.limits.cpus, diag);
  if (const auto field = Find(service, "mem_limit"))
    ReadMemory(*field, /*limit=*/true, &tmpl.limits.memory_bytes, diag);
  if (const auto field = Find(service, "mem_reservation"))
    ReadMemory(*field, /*limit=*/false, &tmpl.reservations.memory_bytes, diag);
  if (tmpl.limits.memory_bytes > 0 && tmpl.reservations.memory_bytes > tmpl.limits.memory_bytes) {
    diag->Invalid(
        service.place, tmpl.reservations.memory_bytes,
        fmt::format("the memory reserved exceeds the limit of {} bytes", tmpl.limits.memory_bytes));
  }
  if (labels.rolling_updates)
    spec->strategy_type = *labels.rolling_updates ? "Rolling" : "Recreate";
  if (labels.parallelism) spec->max_in_flight = static_cast<int>(*labels.parallelism);
}

}  // namespace gantry::compose
