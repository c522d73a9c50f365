#pragma once

#include "apis/machinery/base/json.h"
#include "apiserver/rbac/policy.h"

// Documents of rbac.authorization.k8s.io/v1 as the policy takes them.
namespace gantry::apiserver::rbac {

// The selectors of a ClusterRole's aggregationRule; one that does not parse is left out.
std::vector<LabelSelector> SelectorsOf(const Json& cluster_role);
Policy::Role RoleFromJson(const Json& role);
// The role that a binding in `ns` refers to.
RoleKey RoleRefOf(const Json& binding, const std::string& ns);
// Subjects of a kind that is not known are left out.
std::vector<Subject> SubjectsOf(const Json& binding);

}  // namespace gantry::apiserver::rbac
