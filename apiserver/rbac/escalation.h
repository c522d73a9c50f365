#pragma once

#include "apiserver/rbac/policy.h"

// Nobody gives more than they have: the checks on writes of roles and bindings.
namespace gantry::apiserver::rbac {

// The role or binding that is written.
struct Written {
  std::string resource;  // roles, clusterroles, rolebindings, clusterrolebindings
  std::string ns;
  std::string name;
  bool exists = false;  // it is an update
};

// Whether `user` may write a role with these rules: it has them itself (in that namespace), or may
// `escalate` such roles. `aggregates`: the role has, or had, an aggregationRule, which takes all
// rights. kForbidden in Kubernetes' words.
Status CheckRole(const Policy& policy, const User& user, const Written& written, const Rules& rules,
                 bool aggregates);

// Whether `user` may bind `role`: it may `bind` it, or has all of its rules itself. kForbidden;
// kNotFound when the role is not there and so nobody can tell.
Status CheckBinding(const Policy& policy, const User& user, const Written& written,
                    const RoleKey& role);

}  // namespace gantry::apiserver::rbac
