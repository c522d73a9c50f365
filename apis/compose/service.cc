#include "apis/compose/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apis/compose/deploy.h"
#include "apis/compose/environment.h"
#include "apis/compose/keys.h"
#include "apis/compose/labels.h"
#include "apis/compose/networks.h"
#include "apis/compose/placement.h"
#include "apis/compose/ports.h"
#include "apis/compose/run_options.h"

namespace gantry::compose {
namespace {

constexpr size_t kMaxImage = 1024;
constexpr double kMaxGraceSeconds = 1e6;

void ReadImage(const Field& service, v1::ContainerTemplate* tmpl, Diagnostics* diag) {
  const std::string place = Join(service.place, "image");
  const bool absent = !service.Has("image") || service.value.at("image").is_null() ||
                      service.value.at("image") == "";
  if (absent) {
    // A service that wants to be built was told so already.
    if (!service.Has("build")) diag->Required(place, "a service needs an image");
    return;
  }
  const Field field = service.Member("image");
  const auto text = ReadText(field, diag);
  if (!text) return;
  if (text->size() > kMaxImage || text->find_first_of(" \t\r\n") != std::string::npos) {
    return diag->Invalid(field.place, field.value,
                         fmt::format("must be name, name:tag or name@digest, without blanks and of "
                                     "at most {} bytes",
                                     kMaxImage));
  }
  tmpl->image = *text;
}

void ReadPullPolicy(const Field& field, v1::ContainerTemplate* tmpl, Diagnostics* diag) {
  if (field.value == "always") tmpl->pull_policy = "Always";
  else if (field.value == "missing" || field.value == "if_not_present")
    tmpl->pull_policy = "IfNotPresent";
  else if (field.value == "never") tmpl->pull_policy = "Never";
  else if (!field.value.is_null())
    diag->Unsupported(field.place, field.value, "must be always, missing or never");
}

std::vector<std::string> ReadTest(const Field& field, Diagnostics* diag) {
  if (!field.value.is_array()) {
    const auto line = ReadText(field, diag);
    if (!line) return {};
    return {"CMD-SHELL", *line};
  }
  auto words = ReadTexts(field, diag);
  if (!words) return {};
  const bool starts_well = !words->empty() && ((*words)[0] == "NONE" || (*words)[0] == "CMD" ||
                                               (*words)[0] == "CMD-SHELL");
  if (!starts_well)
    diag->Invalid(field.place, field.value, "a list must begin with NONE, CMD or CMD-SHELL");
  return *std::move(words);
}

void ReadHealthcheck(const Field& check, v1::ContainerTemplate* tmpl, Diagnostics* diag) {
  if (!IsMap(check, diag)) return;
  v1::ContainerTemplate::Healthcheck out;
  bool disabled = false;
  for (const auto& [key, value] : check.value.items()) {
    if (!CheckKey(Scope::kHealthcheck, check.place, key, value, diag) || value.is_null()) continue;
    const Field field = check.Member(key);
    if (key == "test") out.test = ReadTest(field, diag);
    else if (key == "interval") out.interval_seconds = ReadSeconds(field, diag).value_or(0);
    else if (key == "timeout") out.timeout_seconds = ReadSeconds(field, diag).value_or(0);
    else if (key == "start_period") out.start_period_seconds = ReadSeconds(field, diag).value_or(0);
    else if (key == "retries")
      out.retries = static_cast<int>(ReadWhole(field, 0, 1000000, diag).value_or(0));
    else disabled = ReadBool(field, diag).value_or(false);
  }
  if (disabled) out.test = {"NONE"};
  tmpl->healthcheck = std::move(out);
}

void ReadGracePeriod(const Field& field, v1::ContainerTemplate* tmpl, Diagnostics* diag) {
  const auto seconds = ReadSeconds(field, diag);
  if (!seconds) return;
  if (*seconds > kMaxGraceSeconds)
    return diag->Invalid(field.place, field.value, "is longer than any stop may take");
  tmpl->stop_grace_period_seconds = static_cast<int>(std::ceil(*seconds));
}

// The keys that need nothing but themselves.
void ReadSimpleKeys(const Field& service, v1::ContainerTemplate* tmpl, Diagnostics* diag) {
  for (const auto& [key, value] : service.value.items()) {
    if (!CheckKey(Scope::kService, service.place, key, value, diag) || value.is_null()) continue;
    const Field field = service.Member(key);
    if (key == "command") tmpl->command = ReadWords(field, diag);
    else if (key == "entrypoint") tmpl->entrypoint = ReadWords(field, diag);
    else if (key == "healthcheck") ReadHealthcheck(field, tmpl, diag);
    else if (key == "stop_grace_period") ReadGracePeriod(field, tmpl, diag);
    else if (key == "pull_policy") ReadPullPolicy(field, tmpl, diag);
  }
}

void SetProbe(const Field& service, const LabelSettings& labels, v1::ContainerTemplate* tmpl,
              Diagnostics* diag) {
  if (!labels.probe) return;
  if (service.Has("healthcheck") && !service.value.at("healthcheck").is_null())
    return diag->Forbidden(labels.probe_place,
                           "`healthcheck` says how the service is probed already");
  tmpl->healthcheck = labels.probe;
}

// A task of a batch that ended is not started again.
void RunOnce(const Field& service, v1::ContainerTemplate* tmpl, Diagnostics* diag) {
  const bool written = service.Has("restart") && tmpl->restart_policy != "no";
  if (written)
    diag->Warn(Join(service.place, "restart"), "is ignored: services of a batch run once");
  tmpl->restart_policy = "no";
  tmpl->restart_max_retries = 0;
}

// A balancer outside of the cluster reaches a container through a port of its host.
void CheckBalanced(const std::vector<LabelSettings::Listener>& listeners,
                   const std::vector<v1::ContainerTemplate::Port>& ports, Diagnostics* diag) {
  for (const auto& listener : listeners) {
    const bool published = std::any_of(ports.begin(), ports.end(), [&](const auto& port) {
      return port.container_port == listener.container_port && port.host_port;
    });
    if (published) continue;
    diag->Invalid(listener.place, listener.container_port,
                  "the port must be one of `ports`, so that the balancer can reach it on the host");
  }
}

}  // namespace

Service ReadService(const ServiceContext& context, const std::string& compose_name,
                    std::vector<Dependency>* dependencies,
                    std::map<std::string, std::string>* secrets,
                    std::vector<LabelSettings::Listener>* listeners, Diagnostics* diag) {
  const Field field{context.document.services.at(compose_name),
                    Join(context.document.services_place, compose_name)};
  Service out;
  out.compose_name = compose_name;
  out.name = context.names.at(compose_name);
  if (!field.value.is_object()) {
    diag->Invalid(field.place, field.value, "a service is a map");
    return out;
  }
  v1::ContainerTemplate& tmpl = out.spec.tmpl;
  out.spec.cluster = context.input.cluster;
  out.spec.strategy_type = context.input.update_type;
  ReadImage(field, &tmpl, diag);
  ReadSimpleKeys(field, &tmpl, diag);

  LabelSettings labels;
  if (field.Has("labels")) labels = ReadLabels(field.Member("labels"), compose_name, diag);
  tmpl.labels = labels.plain;
  out.spec.placement = labels.placement;
  SetProbe(field, labels, &tmpl, diag);
  const auto replicas = ReadReplicas(field, labels, diag);
  out.replicas_declared = replicas.has_value();
  out.spec.replicas = replicas.value_or(1);
  ReadDeploy(field, labels, &out.spec, diag);
  if (out.spec.mode == "Global") {
    out.replicas_declared = false;
    out.spec.replicas = 1;
  }
  if (context.document.batch) RunOnce(field, &tmpl, diag);

  if (field.Has("environment")) {
    Environment environment = ReadEnvironment(field.Member("environment"), context.document.secrets,
                                              GeneratedSecretName(context.input.application),
                                              out.name, compose_name, &out.spec.placement, diag);
    tmpl.env = std::move(environment.variables);
    secrets->merge(environment.secrets);
  }
  if (field.Has("ports")) tmpl.ports = ReadPorts(field.Member("ports"), diag);
  if (field.Has("expose")) ReadExpose(field.Member("expose"), &tmpl.ports, diag);
  CheckBalanced(labels.listeners, tmpl.ports, diag);
  listeners->insert(listeners->end(), labels.listeners.begin(), labels.listeners.end());
  CheckSpread(field,
              out.spec.mode == "Global" ? std::nullopt : std::optional<int>(out.spec.replicas),
              out.spec.placement, diag);
  ReadServiceNetworks(field, context.document.networks, diag);
  tmpl.mounts = ReadMounts(field, context.volumes, diag);
  if (field.Has("cpu_shares") && !field.value.at("cpu_shares").is_null()) {
    ReadCpuShares(field.Member("cpu_shares"), CpuSharesArePercent(context.document.services), &tmpl,
                  diag);
  }
  ReadRunOptions(field, &tmpl, diag);

  *dependencies =
      ReadDependencies(field, labels.depends, context.names, context.document.inactive, diag);
  for (const Dependency& d : *dependencies)
    out.spec.depends_on.push_back({context.names.at(d.service), d.condition});
  return out;
}

}  // namespace gantry::compose
