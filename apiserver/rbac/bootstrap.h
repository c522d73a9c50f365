#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apis/machinery/base/json.h"

// The roles and bindings that every installation has, as Kubernetes' users know them.
namespace gantry::apiserver::rbac {

struct Default {
  std::string resource;  // clusterroles, clusterrolebindings; roles and rolebindings, with a ns
  std::string name;
  Json object;
  std::string ns = {};
};

// In the order in which they are to be made: whatever gathers rules comes after what it gathers.
const std::vector<Default>& Defaults();

// What `stored` has to become so that nobody lacks what `wanted` gives: rules, selectors, subjects,
// labels and annotations are added and never taken away. Nothing when it is right, or when its
// annotation rbac.authorization.kubernetes.io/autoupdate is "false".
std::optional<Json> Reconciled(const Json& stored, const Json& wanted);

}  // namespace gantry::apiserver::rbac
