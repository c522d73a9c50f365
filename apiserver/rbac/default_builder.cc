#include "apiserver/rbac/default_builder.h"

namespace gantry::apiserver::rbac {
namespace {

Json MetaOf(const std::string& name, const Texts& labels) {
  Json meta = {{"name", name},
               {"annotations", {{kAutoUpdate, "true"}}},
               {"labels", {{"kubernetes.io/bootstrapping", "rbac-defaults"}}}};
  for (const std::string& label : labels) meta["labels"][label] = "true";
  return meta;
}

}  // namespace

Rule On(const char* group, Texts resources, Texts verbs) {
  return {std::move(verbs), {group}, std::move(resources), {}, {}};
}

Rule Paths(Texts urls) { return {{"get"}, {}, {}, {}, std::move(urls)}; }

void DefaultBuilder::Role(const std::string& name, const Rules& rules, const Texts& labels) {
  Json list = Json::array();
  for (const Rule& rule : rules) list.push_back(RuleToJson(rule));
  Add("clusterroles", "ClusterRole", name, labels)["rules"] = std::move(list);
}

void DefaultBuilder::Aggregate(const std::string& name, const Texts& from, const Texts& labels) {
  Json selectors = Json::array();
  for (const std::string& label : from) selectors.push_back({{"matchLabels", {{label, "true"}}}});
  Add("clusterroles", "ClusterRole", name,
      labels)["aggregationRule"] = {{"clusterRoleSelectors", std::move(selectors)}};
}

void DefaultBuilder::BindTo(const std::string& role, const char* kind, const Texts& subjects) {
  SetSubjects(role, "ClusterRole", kind, subjects,
              &Add("clusterrolebindings", "ClusterRoleBinding", role, {}));
}

void DefaultBuilder::RoleIn(const std::string& ns, const std::string& name, const Rules& rules,
                            const Texts& groups) {
  Json list = Json::array();
  for (const Rule& rule : rules) list.push_back(RuleToJson(rule));
  Json& role = Add("roles", "Role", name, {});
  role["metadata"]["namespace"] = ns;
  role["rules"] = std::move(list);
  all_.back().ns = ns;
  Json& binding = Add("rolebindings", "RoleBinding", name, {});
  binding["metadata"]["namespace"] = ns;
  SetSubjects(name, "Role", "Group", groups, &binding);
  all_.back().ns = ns;
}

void DefaultBuilder::SetSubjects(const std::string& role, const char* role_kind, const char* kind,
                                 const Texts& subjects, Json* binding) {
  (*binding)["roleRef"] = {{"apiGroup", kGroup}, {"kind", role_kind}, {"name", role}};
  (*binding)["subjects"] = Json::array();
  for (const std::string& name : subjects) {
    (*binding)["subjects"].push_back({{"apiGroup", kGroup}, {"kind", kind}, {"name", name}});
  }
}

Json& DefaultBuilder::Add(const char* resource, const char* kind, const std::string& name,
                          const Texts& labels) {
  Json object = {{"apiVersion", std::string(kGroup) + "/v1"},
                 {"kind", kind},
                 {"metadata", MetaOf(name, labels)}};
  all_.push_back({resource, name, std::move(object)});
  return all_.back().object;
}

}  // namespace gantry::apiserver::rbac
