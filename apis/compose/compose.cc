#include "apis/compose/compose.h"

#include "apis/compose/dependencies.h"
#include "apis/compose/document.h"
#include "apis/compose/mounts.h"
#include "apis/compose/names.h"
#include "apis/compose/networks.h"
#include "apis/compose/service.h"

namespace gantry::compose {
namespace {

bool IsServiceName(const std::string& name) {
  if (name.empty()) return false;
  return name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
         std::string::npos;
}

// Two services behind one port of a balancer would take each other's requests.
void CheckListeners(const std::vector<LabelSettings::Listener>& listeners, Diagnostics* diag) {
  std::map<std::string, std::string> taken;
  for (const auto& listener : listeners) {
    const auto [it, fresh] = taken.try_emplace(listener.front, listener.place);
    if (!fresh)
      diag->Invalid(listener.place, listener.front,
                    "is the listener of " + it->second + " already");
  }
}

void ReadServices(const Input& input, const Document& document, const VolumeTable& volumes,
                  Output* out, Diagnostics* diag) {
  std::vector<std::string> parts;
  for (const auto& [name, service] : document.services.items()) {
    if (!IsServiceName(name)) {
      diag->Invalid(Join(document.services_place, name), name,
                    "a service's name has letters, digits, `_`, `.` and `-`");
    }
    parts.push_back(name);
  }
  const auto names = ObjectNames(input.application, parts);
  const ServiceContext context{input, document, names, volumes};
  std::map<std::string, std::vector<Dependency>> edges;
  std::vector<LabelSettings::Listener> listeners;
  for (const std::string& part : parts)
    out->services.push_back(
        ReadService(context, part, &edges[part], &out->secrets, &listeners, diag));
  CheckCycles(edges, document.services_place, diag);
  CheckListeners(listeners, diag);
}

}  // namespace

Output Convert(const Input& input) {
  Output out;
  Diagnostics diag;
  const Document document = ReadDocument(input, &diag);
  if (!document.services.empty()) {
    VolumeTable volumes =
        ReadVolumes(input, document.volumes, document.services, document.v1, &diag);
    ReadNetworks(document.networks, &diag);
    ReadServices(input, document, volumes, &out, &diag);
    out.volumes = std::move(volumes.declared);
  }
  if (!diag.errors().empty()) {
    out = Output();
    out.errors = diag.TakeErrors();
  }
  out.warnings = diag.TakeWarnings();
  out.not_acted_on = diag.TakeNotDone();
  return out;
}

const std::vector<std::string>& NotActedOnSubjects() {
  static const std::vector<std::string> subjects = {
      "Batch",     "LoadBalancing", "LogCollection", "Monitoring", "Networks",
      "Placement", "Probe",         "Proxy",         "Routing",    "Scaling"};
  return subjects;
}

std::string GeneratedSecretName(std::string_view application) {
  return std::string(application) + "-template-secrets";
}

}  // namespace gantry::compose
