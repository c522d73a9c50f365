#pragma once

#include <string>
#include <vector>

#include "apis/machinery/base/json.h"
#include "apiserver/http/handler.h"

// The rules of roles, as rbac.authorization.k8s.io/v1 defines them. Pure functions.
namespace gantry::apiserver::rbac {

inline constexpr char kGroup[] = "rbac.authorization.k8s.io";

// What may be done: verbs on resources, or verbs on paths that are no resources.
struct Rule {
  std::vector<std::string> verbs;
  std::vector<std::string> api_groups;
  std::vector<std::string> resources;       // `services`, `services/scale`, `*/scale`, `*`
  std::vector<std::string> resource_names;  // empty: all
  std::vector<std::string> non_resource_urls;

  bool operator==(const Rule&) const = default;
};
using Rules = std::vector<Rule>;

// A list of rules as roles have it; what has another type is taken for absent.
Rules RulesFromJson(const Json& list);
Json RuleToJson(const Rule& rule);
// Everything, resources and paths.
const Rules& EverythingRules();

// Whether the rule allows what is asked for; `path` counts when it is no resource.
bool Allows(const Rule& rule, const RequestInfo& info, const std::string& path);

// What of `wanted` none of the rules in `held` gives, each as a rule with one verb and one resource
// or path. Empty: whoever holds `held` may do all of it.
Rules Uncovered(const Rules& held, const Rules& wanted);

// The same rules with the verbs for one resource put together, in the order of first appearance.
Rules Compact(const Rules& rules);

// `{APIGroups:["gantry.dev"], Resources:["services"], Verbs:["get" "list"]}`
std::string Describe(const Rule& rule);

}  // namespace gantry::apiserver::rbac
