#pragma once

#include <string>
#include <vector>

#include "kubectl-plugin/session.h"

namespace gantry::kubectl {

// The names of the objects of a kind that the caller's roles let them list, when the roles give no
// more than that; sorted. The server is asked (SelfSubjectRulesReview). `ns` is empty for a kind
// without namespaces. Errors are the server's.
Result<std::vector<std::string>> NamedByRoles(Session& session, const client::Resource& resource,
                                              const std::string& ns);

}  // namespace gantry::kubectl
