#pragma once

#include <string>

#include "apis/machinery/schema/definition.h"

namespace gantry::apiserver::openapi {

// Which of the two documents something is written for.
enum class Dialect { kV2, kV3 };

// What references to a definition start with: `#/definitions/`, `#/components/schemas/`.
std::string RefPrefix(Dialect dialect);
// {"$ref": ...} to the definition `name`.
Json Ref(Dialect dialect, const std::string& name);

// The definition's name: `dev.gantry.v1.Service`, `io.k8s.api.core.v1.Namespace`.
std::string DefinitionName(const GroupVersionKind& gvk);
// The name of a type of meta/v1: `io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta`.
std::string MetaName(const std::string& type);

// {"group":..., "version":..., "kind":...}: the value of x-kubernetes-group-version-kind.
Json GvkJson(const GroupVersionKind& gvk);

}  // namespace gantry::apiserver::openapi
