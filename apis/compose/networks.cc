#include "apis/compose/networks.h"

#include "apis/compose/keys.h"

namespace gantry::compose {
namespace {

void CheckNetworkName(const std::string& name, const std::string& place, const Json& section,
                      Diagnostics* diag) {
  if (name != "default" && !section.contains(name))
    diag->Invalid(place, name, "is not declared under the top-level `networks`");
}

}  // namespace

void ReadNetworks(const Json& section, Diagnostics* diag) {
  // One network is what there is; several would keep services apart from each other.
  if (section.size() > 1) {
    diag->NotDone("networks", "Networks",
                  "are one network: every service of the application can reach every other");
  }
  for (const auto& [name, value] : section.items()) {
    const Field network{value, Join("networks", name)};
    if (!IsMap(network, diag)) continue;
    for (const auto& [key, member] : value.items())
      CheckKey(Scope::kNetwork, network.place, key, member, diag);
  }
}

void ReadServiceNetworks(const Field& service, const Json& section, Diagnostics* diag) {
  if (!service.Has("networks") || service.value.at("networks").is_null()) return;
  const Field field = service.Member("networks");
  for (const char* mode : {"network_mode", "net"}) {
    if (service.Has(mode) && !service.value.at(mode).is_null())
      diag->Forbidden(Join(service.place, mode), "goes with no `networks`");
  }
  if (field.value.is_object()) {
    for (const auto& [name, value] : field.value.items()) {
      const Field network = field.Member(name);
      CheckNetworkName(name, network.place, section, diag);
      if (!IsMap(network, diag)) continue;
      for (const auto& [key, member] : value.items())
        CheckKey(Scope::kServiceNetwork, network.place, key, member, diag);
    }
  } else if (IsList(field, diag)) {
    for (size_t i = 0; i < field.value.size(); ++i) {
      if (const auto name = ReadText(field.Item(i), diag))
        CheckNetworkName(*name, Join(field.place, i), section, diag);
    }
  }
}

}  // namespace gantry::compose
