#pragma once

#include <string>
#include <vector>

#include "apis/machinery/base/json.h"
#include "apiserver/http/handler.h"

// Kubernetes' rules of who may do what, in the plainest words: every binding, every subject, every
// rule, every combination, straight from the documents. What the index is compared with.
namespace gantry::testing {

struct SlowPolicy {
  std::vector<Json> objects;  // Role, ClusterRole, RoleBinding, ClusterRoleBinding

  bool Allowed(const apiserver::User& user, const apiserver::RequestInfo& info,
               const std::string& path) const;
};

}  // namespace gantry::testing
