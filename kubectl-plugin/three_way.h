#pragma once

#include "apis/machinery/base/json.h"

// The merge patch that makes an object what a manifest says, as `kubectl apply` computes it, so
// that both tools can take over from each other.
namespace gantry::kubectl {

inline constexpr char kLastApplied[] = "kubectl.kubernetes.io/last-applied-configuration";

// The manifest with its own text in the annotation kLastApplied.
Json WithLastApplied(const Json& manifest);

// A JSON merge patch. `original` is the manifest applied last (null: unknown), `modified` the new
// one, `current` the live object. Fields that left the manifest are removed; fields that others set
// stay. Empty when there is nothing to change.
Json ThreeWayMergePatch(const Json& original, const Json& modified, const Json& current);

}  // namespace gantry::kubectl
