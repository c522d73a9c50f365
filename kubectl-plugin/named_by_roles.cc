#include "kubectl-plugin/named_by_roles.h"

#include <algorithm>
#include <set>

namespace gantry::kubectl {
namespace {

const client::Resource kRulesReviews = {"authorization.k8s.io", "v1", "selfsubjectrulesreviews",
                                        "SelfSubjectRulesReview", false};

bool Has(const Json& rule, const char* field, const std::string& wanted) {
  const Json& values = GetArray(rule, field);
  return std::any_of(values.begin(), values.end(),
                     [&](const Json& value) { return value == "*" || value == wanted; });
}

}  // namespace

Result<std::vector<std::string>> NamedByRoles(Session& session, const client::Resource& resource,
                                              const std::string& ns) {
  GANTRY_TRY_SET(const client::Client* client, session.client());
  Object review(kRulesReviews.gvk(), {});
  // A kind without namespaces is judged by bindings that hold in all of them.
  review.mutable_spec() = {{"namespace", ns.empty() ? "default" : ns}};
  GANTRY_TRY_SET(const Object answer, client->Create(session.ctx(), kRulesReviews, review));
  std::set<std::string> names;
  for (const Json& rule : GetArray(answer.status(), "resourceRules")) {
    if (!Has(rule, "verbs", "list") || !Has(rule, "apiGroups", resource.group) ||
        !Has(rule, "resources", resource.plural)) {
      continue;
    }
    for (const Json& name : GetArray(rule, "resourceNames")) {
      if (name.is_string()) names.insert(name);
    }
  }
  return std::vector<std::string>(names.begin(), names.end());
}

}  // namespace gantry::kubectl
