#include "apiserver/rbac/rules.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "apis/machinery/meta/object.h"

namespace gantry::apiserver::rbac {
namespace {

constexpr std::string_view kAll = "*";

bool Has(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool HasOrAll(const std::vector<std::string>& list, std::string_view value) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& s) { return s == kAll || s == value; });
}

// `services`, `services/scale`, `*/scale` or `*` against a resource and its subresource.
bool ResourceMatches(std::string_view allowed, const RequestInfo& info) {
  if (allowed == kAll) return true;
  if (info.subresource.empty()) return allowed == info.resource;
  const size_t slash = allowed.find('/');
  if (slash == std::string_view::npos || allowed.substr(slash + 1) != info.subresource) {
    return false;
  }
  const std::string_view resource = allowed.substr(0, slash);
  return resource == kAll || resource == info.resource;
}

// `/metrics`, `/debug/*` or `*` against a path.
bool UrlMatches(std::string_view allowed, std::string_view path) {
  if (allowed == path) return true;
  if (allowed.empty() || allowed.back() != '*') return false;
  const size_t end = allowed.find_last_not_of('*');
  return path.starts_with(allowed.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

// Whether a rule's resources give `wanted`, which may be a pattern itself.
bool GivesResource(const std::vector<std::string>& resources, const std::string& wanted) {
  if (HasOrAll(resources, wanted)) return true;
  const size_t slash = wanted.find('/');
  return slash != std::string::npos && Has(resources, "*" + wanted.substr(slash));
}

// `wanted` has at most one member in each list.
bool Gives(const Rule& held, const Rule& wanted) {
  if (!HasOrAll(held.verbs, wanted.verbs.front())) return false;
  if (!wanted.non_resource_urls.empty()) {
    return std::any_of(
        held.non_resource_urls.begin(), held.non_resource_urls.end(),
        [&](const std::string& url) { return UrlMatches(url, wanted.non_resource_urls.front()); });
  }
  if (!HasOrAll(held.api_groups, wanted.api_groups.front()) ||
      !GivesResource(held.resources, wanted.resources.front())) {
    return false;
  }
  if (held.resource_names.empty()) return true;
  return !wanted.resource_names.empty() && Has(held.resource_names, wanted.resource_names.front());
}

// A rule as many, each with one member in each list.
void BreakDown(const Rule& rule, Rules* out) {
  for (const std::string& verb : rule.verbs) {
    for (const std::string& url : rule.non_resource_urls) {
      out->push_back({{verb}, {}, {}, {}, {url}});
    }
    for (const std::string& group : rule.api_groups) {
      for (const std::string& resource : rule.resources) {
        if (rule.resource_names.empty()) out->push_back({{verb}, {group}, {resource}, {}, {}});
        for (const std::string& name : rule.resource_names) {
          out->push_back({{verb}, {group}, {resource}, {name}, {}});
        }
      }
    }
  }
}

// As Go prints a list of strings with %q.
std::string Quoted(const std::vector<std::string>& list) {
  std::string text = "[";
  for (const std::string& s : list) {
    if (text.size() > 1) text += ' ';
    text += DumpJson(s);
  }
  return text + "]";
}

}  // namespace

Rules RulesFromJson(const Json& list) {
  Rules rules;
  if (!list.is_array()) return rules;
  for (const Json& json : list) {
    rules.push_back({GetStrings(json, "verbs"), GetStrings(json, "apiGroups"),
                     GetStrings(json, "resources"), GetStrings(json, "resourceNames"),
                     GetStrings(json, "nonResourceURLs")});
  }
  return rules;
}

Json RuleToJson(const Rule& rule) {
  Json json = {{"verbs", rule.verbs}};
  const auto add = [&json](const char* field, const std::vector<std::string>& list) {
    if (!list.empty()) json[field] = list;
  };
  add("apiGroups", rule.api_groups);
  add("resources", rule.resources);
  add("resourceNames", rule.resource_names);
  add("nonResourceURLs", rule.non_resource_urls);
  return json;
}

const Rules& EverythingRules() {
  static const auto* const rules =
      new Rules{{{"*"}, {"*"}, {"*"}, {}, {}}, {{"*"}, {}, {}, {}, {"*"}}};
  return *rules;
}

bool Allows(const Rule& rule, const RequestInfo& info, const std::string& path) {
  if (!HasOrAll(rule.verbs, info.verb)) return false;
  if (!info.is_resource) {
    return std::any_of(rule.non_resource_urls.begin(), rule.non_resource_urls.end(),
                       [&](const std::string& url) { return UrlMatches(url, path); });
  }
  return HasOrAll(rule.api_groups, info.group) &&
         std::any_of(rule.resources.begin(), rule.resources.end(),
                     [&](const std::string& r) { return ResourceMatches(r, info); }) &&
         (rule.resource_names.empty() || Has(rule.resource_names, info.name));
}

Rules Uncovered(const Rules& held, const Rules& wanted) {
  Rules parts;
  for (const Rule& rule : wanted) BreakDown(rule, &parts);
  Rules missing;
  for (Rule& part : parts) {
    const bool given =
        std::any_of(held.begin(), held.end(), [&](const Rule& rule) { return Gives(rule, part); });
    if (!given) missing.push_back(std::move(part));
  }
  return missing;
}

Rules Compact(const Rules& rules) {
  Rules compact;
  using Key = std::tuple<std::string, std::string, std::vector<std::string>>;
  std::map<Key, size_t> places;
  for (const Rule& rule : rules) {
    const bool simple = rule.api_groups.size() == 1 && rule.resources.size() == 1 &&
                        rule.resource_names.size() <= 1 && rule.non_resource_urls.empty();
    if (!simple) {
      if (std::find(compact.begin(), compact.end(), rule) == compact.end()) {
        compact.push_back(rule);
      }
      continue;
    }
    const auto [it, added] = places.insert(
        {{rule.api_groups[0], rule.resources[0], rule.resource_names}, compact.size()});
    if (added) {
      compact.push_back(rule);
      continue;
    }
    std::vector<std::string>& verbs = compact[it->second].verbs;
    for (const std::string& verb : rule.verbs) {
      if (!Has(verbs, verb)) verbs.push_back(verb);
    }
  }
  return compact;
}

std::string Describe(const Rule& rule) {
  std::string text;
  const auto add = [&text](const char* what, const std::vector<std::string>& list) {
    if (list.empty()) return;
    text += text.empty() ? "{" : ", ";
    text += what;
    text += ":" + Quoted(list);
  };
  add("APIGroups", rule.api_groups);
  add("Resources", rule.resources);
  add("NonResourceURLs", rule.non_resource_urls);
  add("ResourceNames", rule.resource_names);
  add("Verbs", rule.verbs);
  return text + "}";
}

}  // namespace gantry::apiserver::rbac
