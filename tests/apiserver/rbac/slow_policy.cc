#include "tests/apiserver/rbac/slow_policy.h"

#include <algorithm>

namespace gantry::testing {
namespace {

std::string Text(const Json& json, const char* field) { return json.value(field, ""); }

bool IsAbout(const Json& subject, const std::string& ns, const apiserver::User& user) {
  const std::string kind = subject["kind"];
  const std::string name = subject["name"];
  if (kind == "User") return user.name == name;
  if (kind == "Group") {
    return std::count(user.groups.begin(), user.groups.end(), name) > 0;
  }
  const std::string in = subject.contains("namespace") ? Text(subject, "namespace") : ns;
  return user.name == "system:serviceaccount:" + in + ":" + name;
}

std::vector<std::string> ListOf(const Json& rule, const char* field) {
  return rule.contains(field) ? rule[field].get<std::vector<std::string>>()
                              : std::vector<std::string>();
}

bool RuleAllows(const Json& rule, const apiserver::RequestInfo& info, const std::string& path) {
  bool verb = false, group = false, resource = false, url = false;
  for (const std::string& v : ListOf(rule, "verbs")) verb = verb || v == "*" || v == info.verb;
  for (const std::string& u : ListOf(rule, "nonResourceURLs")) {
    const bool prefix =
        u.back() == '*' && path.substr(0, u.size() - 1) == u.substr(0, u.size() - 1);
    url = url || u == path || prefix;
  }
  if (!info.is_resource) return verb && url;
  for (const std::string& g : ListOf(rule, "apiGroups"))
    group = group || g == "*" || g == info.group;
  const std::string whole =
      info.subresource.empty() ? info.resource : info.resource + "/" + info.subresource;
  for (const std::string& r : ListOf(rule, "resources")) {
    const bool sub = !info.subresource.empty() && r == "*/" + info.subresource;
    resource = resource || r == "*" || r == whole || sub;
  }
  const std::vector<std::string> names = ListOf(rule, "resourceNames");
  const bool name = names.empty() || std::count(names.begin(), names.end(), info.name) > 0;
  return verb && group && resource && name;
}

}  // namespace

bool SlowPolicy::Allowed(const apiserver::User& user, const apiserver::RequestInfo& info,
                         const std::string& path) const {
  for (const std::string& group : user.groups) {
    if (group == "system:masters") return true;
  }
  for (const Json& binding : objects) {
    const std::string kind = binding["kind"];
    if (kind != "RoleBinding" && kind != "ClusterRoleBinding") continue;
    const std::string ns = Text(binding["metadata"], "namespace");
    if (kind == "RoleBinding" && (!info.is_resource || ns != info.ns)) continue;
    for (const Json& subject : binding["subjects"]) {
      if (!IsAbout(subject, ns, user)) continue;
      for (const Json& role : objects) {
        if (role["kind"] != binding["roleRef"]["kind"]) continue;
        if (role["metadata"]["name"] != binding["roleRef"]["name"]) continue;
        if (role["kind"] == "Role" && Text(role["metadata"], "namespace") != ns) continue;
        for (const Json& rule : role["rules"]) {
          if (RuleAllows(rule, info, path)) return true;
        }
      }
    }
  }
  return false;
}

}  // namespace gantry::testing
