#include "apiserver/rbac/decode.h"

#include "apis/machinery/meta/object.h"

namespace gantry::apiserver::rbac {

std::vector<LabelSelector> SelectorsOf(const Json& cluster_role) {
  std::vector<LabelSelector> selectors;
  const Json& rule = GetObject(cluster_role, "aggregationRule");
  for (const Json& json : GetArray(rule, "clusterRoleSelectors")) {
    Result<LabelSelector> selector = LabelSelector::FromJson(json);
    if (selector.ok()) selectors.push_back(*std::move(selector));
  }
  return selectors;
}

Policy::Role RoleFromJson(const Json& role) {
  return {RulesFromJson(GetArray(role, "rules")),
          GetStringMap(GetObject(role, "metadata"), "labels"), SelectorsOf(role)};
}

RoleKey RoleRefOf(const Json& binding, const std::string& ns) {
  const Json& ref = GetObject(binding, "roleRef");
  return {GetString(ref, "kind") == "Role" ? ns : "", GetString(ref, "name")};
}

std::vector<Subject> SubjectsOf(const Json& binding) {
  std::vector<Subject> subjects;
  for (const Json& json : GetArray(binding, "subjects")) {
    const std::string kind = GetString(json, "kind");
    Subject subject{Subject::Kind::kUser, GetString(json, "name"), ""};
    if (kind == "Group") {
      subject.kind = Subject::Kind::kGroup;
    } else if (kind == "ServiceAccount") {
      subject.kind = Subject::Kind::kServiceAccount;
      subject.ns = GetString(json, "namespace");
    } else if (kind != "User") {
      continue;
    }
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

}  // namespace gantry::apiserver::rbac
