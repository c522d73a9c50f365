#include "apiserver/openapi/dialect.h"

#include <fmt/format.h>

namespace gantry::apiserver::openapi {

std::string RefPrefix(Dialect dialect) {
  return dialect == Dialect::kV2 ? "#/definitions/" : "#/components/schemas/";
}

Json Ref(Dialect dialect, const std::string& name) { return {{"$ref", RefPrefix(dialect) + name}}; }

std::string DefinitionName(const GroupVersionKind& gvk) {
  constexpr std::string_view kKubernetes = ".k8s.io";
  const std::string_view group = gvk.group;
  if (group == "apiextensions.k8s.io")
    return fmt::format("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.{}.{}", gvk.version,
                       gvk.kind);
  const bool kubernetes = group.size() > kKubernetes.size() &&
                          group.substr(group.size() - kKubernetes.size()) == kKubernetes;
  if (kubernetes || group.find('.') == std::string_view::npos) {
    const std::string_view first = group.empty() ? "core" : group.substr(0, group.find('.'));
    return fmt::format("io.k8s.api.{}.{}.{}", first, gvk.version, gvk.kind);
  }
  std::string reversed;
  for (size_t end = group.size();;) {
    const size_t dot = group.rfind('.', end - 1);
    const size_t start = dot == std::string_view::npos ? 0 : dot + 1;
    reversed += std::string(group.substr(start, end - start)) + ".";
    if (start == 0) break;
    end = dot;
  }
  return reversed + gvk.version + "." + gvk.kind;
}

std::string MetaName(const std::string& type) {
  return "io.k8s.apimachinery.pkg.apis.meta.v1." + type;
}

Json GvkJson(const GroupVersionKind& gvk) {
  return {{"group", gvk.group}, {"version", gvk.version}, {"kind", gvk.kind}};
}

}  // namespace gantry::apiserver::openapi
