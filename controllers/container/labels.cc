#include "controllers/container/labels.h"

#include <fmt/format.h>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/base/encoding.h"

namespace gantry::container {
namespace {

// The service's name in its template, or the object's name of the service.
std::string ServiceName(const Object& container) {
  const std::string_view compose = container.label(v1::kLabelComposeService);
  return std::string(compose.empty() ? container.label(v1::kLabelService) : compose);
}

}  // namespace

docker::StringMap EngineLabels(const std::string& installation, const Object& container) {
  docker::StringMap labels = GetStringMap(GetObject(container.spec(), "template"), "labels");
  for (const char* key : {v1::kLabelApplication, v1::kLabelService, v1::kLabelSlot,
                          v1::kLabelRevision, v1::kLabelComposeService}) {
    if (const std::string_view value = container.label(key); !value.empty())
      labels[key] = std::string(value);
  }
  labels[kEngineInstallation] = installation;
  labels[kEngineKind] = "Container";
  labels[kEngineNamespace] = std::string(container.ns());
  labels[kEngineName] = std::string(container.name());
  labels[kEngineUid] = std::string(container.uid());
  labels[kEngineSpecHash] = SpecHash(container);
  return labels;
}

std::string SpecHash(const Object& container) {
  return StableHash(DumpJson(GetObject(container.spec(), "template")));
}

docker::LabelFilter FilterFor(const std::string& installation, std::string_view uid) {
  return {{{kEngineInstallation, installation}, {kEngineUid, std::string(uid)}}};
}

docker::LabelFilter FilterForAll(const std::string& installation) {
  return {{{kEngineInstallation, installation}, {kEngineKind, "Container"}}};
}

ObjectKey KeyFromLabels(const docker::StringMap& labels) {
  const auto value = [&](const char* key) {
    const auto it = labels.find(key);
    return it == labels.end() ? std::string() : it->second;
  };
  return {value(kEngineNamespace), value(kEngineName)};
}

std::string EngineName(const Object& container) {
  const std::string short_uid(container.uid().substr(0, 8));
  const std::string_view slot = container.label(v1::kLabelSlot);
  if (slot.empty()) return fmt::format("{}_{}_{}", container.ns(), container.name(), short_uid);
  const std::string_view app = container.label(v1::kLabelApplication);
  return fmt::format("{}_{}{}{}_{}_{}", container.ns(), app, app.empty() ? "" : "_",
                     ServiceName(container), slot, short_uid);
}

std::string NetworkName(const Object& container) {
  const std::string_view app = container.label(v1::kLabelApplication);
  return app.empty() ? "" : fmt::format("gantry_{}_{}", container.ns(), app);
}

std::string VolumeName(std::string_view ns, std::string_view volume) {
  return fmt::format("{}_{}", ns, volume);
}

std::vector<std::string> NetworkAliases(const Object& container) {
  const std::string service = ServiceName(container);
  const std::string_view app = container.label(v1::kLabelApplication);
  const std::string_view slot = container.label(v1::kLabelSlot);
  if (service.empty() || app.empty() || slot.empty()) return {};
  return {service, fmt::format("{}_{}_{}", app, service, slot)};
}

}  // namespace gantry::container
