#include "apiserver/discovery/discovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <tuple>

namespace gantry::apiserver::discovery {
namespace {

using schema::Definition;
using schema::Version;

constexpr char kOwnGroup[] = "gantry.dev";
const GroupVersionKind kTokenRequest{"authentication.k8s.io", "v1", "TokenRequest"};

// v10beta2 as (stability, major, minor); stability 3 stable, 2 beta, 1 alpha, 0 none of these.
std::tuple<int, int, int> Rank(std::string_view text) {
  int major = 0, minor = 0;
  if (text.empty() || text.front() != 'v') return {0, 0, 0};
  const char* const end = text.data() + text.size();
  auto r = std::from_chars(text.data() + 1, end, major);
  if (r.ec != std::errc()) return {0, 0, 0};
  std::string_view rest(r.ptr, static_cast<size_t>(end - r.ptr));
  if (rest.empty()) return {3, major, 0};
  int stability = 0;
  for (const auto& [name, value] : {std::pair<std::string_view, int>{"beta", 2}, {"alpha", 1}})
    if (rest.substr(0, name.size()) == name) {
      stability = value;
      rest.remove_prefix(name.size());
    }
  r = std::from_chars(rest.data(), end, minor);
  if (stability == 0 || r.ec != std::errc() || r.ptr != end) return {0, 0, 0};
  return {stability, major, minor};
}

struct Subresource {
  std::string name;
  GroupVersionKind kind;
};

std::vector<Subresource> Subresources(const Definition& d, const Version& v) {
  std::vector<Subresource> out;
  const GroupVersionKind own{d.group, v.name, d.kind};
  if (v.status_subresource) out.push_back({"status", own});
  if (v.scale) out.push_back({"scale", {"autoscaling", "v1", "Scale"}});
  if (d.strategy.namespace_lifecycle) out.push_back({"finalize", own});
  if (d.strategy.certificate_request) out.push_back({"approval", own});
  for (const std::string& name : d.connect_subresources) {
    out.push_back({name, name == "token" ? kTokenRequest : own});
  }
  return out;
}

Json GroupVersionJson(std::string_view group, const std::string& version) {
  const GroupVersion gv{std::string(group), version};
  return {{"groupVersion", gv.ToString()}, {"version", version}};
}

Json GroupJson(const Definitions& definitions, std::string_view group) {
  Json versions = Json::array();
  for (const std::string& v : ServedVersions(definitions, group))
    versions.push_back(GroupVersionJson(group, v));
  Json preferred = versions.front();
  return {{"name", group}, {"versions", std::move(versions)}, {"preferredVersion", preferred}};
}

// The definitions that serve `gv`, by plural.
std::vector<std::pair<const Definition*, const Version*>> Serving(const Definitions& definitions,
                                                                  const GroupVersion& gv) {
  std::vector<std::pair<const Definition*, const Version*>> out;
  for (const auto& d : definitions) {
    if (d->group != gv.group) continue;
    if (const Version* v = d->FindVersion(gv.version)) out.emplace_back(d.get(), v);
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.first->plural < b.first->plural; });
  return out;
}

// So that a thousand groups are not looked through for each of them.
std::map<std::string, Definitions> ByGroup(const Definitions& definitions) {
  std::map<std::string, Definitions> groups;
  for (const auto& d : definitions) groups[d->group].push_back(d);
  return groups;
}

Json KindJson(const GroupVersionKind& gvk) {
  return {{"group", gvk.group}, {"version", gvk.version}, {"kind", gvk.kind}};
}

Json AggregatedResource(const Definition& d, const Version& v) {
  Json out = {{"resource", d.plural},
              {"responseKind", KindJson({d.group, v.name, d.kind})},
              {"scope", d.namespaced ? "Namespaced" : "Cluster"},
              {"singularResource", d.singular},
              {"verbs", ResourceVerbs(d)}};
  if (!d.short_names.empty()) out["shortNames"] = d.short_names;
  if (!d.categories.empty()) out["categories"] = d.categories;
  for (const Subresource& s : Subresources(d, v))
    out["subresources"].push_back({{"subresource", s.name},
                                   {"responseKind", KindJson(s.kind)},
                                   {"verbs", SubresourceVerbs(s.name)}});
  return out;
}

}  // namespace

const std::vector<std::string>& ResourceVerbs(const Definition& definition) {
  static const auto* const stored = new std::vector<std::string>{
      "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
  // Nobody gets rid of all namespaces by one request.
  static const auto* const one_by_one =
      new std::vector<std::string>{"create", "delete", "get", "list", "patch", "update", "watch"};
  static const auto* const answered = new std::vector<std::string>{"create"};
  if (definition.strategy.virtual_only) return *answered;
  return definition.strategy.namespace_lifecycle ? *one_by_one : *stored;
}

const std::vector<std::string>& SubresourceVerbs(std::string_view subresource) {
  static const auto* const fields = new std::vector<std::string>{"get", "patch", "update"};
  static const auto* const read = new std::vector<std::string>{"get"};
  static const auto* const connect = new std::vector<std::string>{"create", "get"};
  static const auto* const ask = new std::vector<std::string>{"create"};
  static const auto* const replace = new std::vector<std::string>{"update"};
  if (subresource == "status" || subresource == "scale" || subresource == "approval") {
    return *fields;
  }
  if (subresource == "finalize") return *replace;
  if (subresource == "token") return *ask;
  return subresource == "log" ? *read : *connect;
}

bool VersionLess(std::string_view a, std::string_view b) {
  const auto left = Rank(a), right = Rank(b);
  return left == right ? a < b : left > right;
}

std::vector<std::string> ServedVersions(const Definitions& definitions, std::string_view group) {
  std::set<std::string> names;
  for (const auto& d : definitions) {
    if (d->group != group) continue;
    for (const Version& v : d->versions)
      if (v.served) names.insert(v.name);
  }
  std::vector<std::string> out(names.begin(), names.end());
  std::sort(out.begin(), out.end(), VersionLess);
  return out;
}

std::vector<std::string> ServedGroups(const Definitions& definitions) {
  std::set<std::string> names;
  for (const auto& d : definitions)
    for (const Version& v : d->versions)
      if (v.served && !d->group.empty()) names.insert(d->group);
  std::vector<std::string> out;
  if (names.erase(kOwnGroup)) out.push_back(kOwnGroup);
  out.insert(out.end(), names.begin(), names.end());
  return out;
}

Json ApiVersions() {
  return {{"kind", "APIVersions"},
          {"versions", {"v1"}},
          {"serverAddressByClientCIDRs", {{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", ""}}}}};
}

Json GroupList(const Definitions& definitions) {
  const std::map<std::string, Definitions> by_group = ByGroup(definitions);
  Json groups = Json::array();
  for (const std::string& group : ServedGroups(definitions))
    groups.push_back(GroupJson(by_group.at(group), group));
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}};
}

Result<Json> Group(const Definitions& definitions, std::string_view group) {
  if (group.empty() || ServedVersions(definitions, group).empty())
    return Error(Code::kNotFound, fmt::format("no kind of group \"{}\" is served", group));
  Json out = GroupJson(definitions, group);
  out["kind"] = "APIGroup";
  out["apiVersion"] = "v1";
  return out;
}

Result<Json> ResourceList(const Definitions& definitions, const GroupVersion& gv) {
  const auto serving = Serving(definitions, gv);
  if (serving.empty() && gv != GroupVersion{"", "v1"})
    return Error(Code::kNotFound, fmt::format("no kind of \"{}\" is served", gv.ToString()));
  Json resources = Json::array();
  for (const auto& entry : serving) {
    const Definition& d = *entry.first;
    Json resource = {{"name", d.plural},
                     {"singularName", d.singular},
                     {"namespaced", d.namespaced},
                     {"kind", d.kind},
                     {"verbs", ResourceVerbs(d)}};
    if (!d.short_names.empty()) resource["shortNames"] = d.short_names;
    if (!d.categories.empty()) resource["categories"] = d.categories;
    resources.push_back(std::move(resource));
    for (const Subresource& s : Subresources(d, *entry.second)) {
      Json sub = {{"name", d.plural + "/" + s.name},
                  {"singularName", ""},
                  {"namespaced", d.namespaced},
                  {"kind", s.kind.kind},
                  {"verbs", SubresourceVerbs(s.name)}};
      if (s.kind.group != d.group) {
        sub["group"] = s.kind.group;
        sub["version"] = s.kind.version;
      }
      resources.push_back(std::move(sub));
    }
  }
  return Json{{"kind", "APIResourceList"},
              {"apiVersion", "v1"},
              {"groupVersion", gv.ToString()},
              {"resources", std::move(resources)}};
}

Json AggregatedGroup(const Definitions& definitions, const std::string& group) {
  Json versions = Json::array();
  for (const std::string& version : ServedVersions(definitions, group)) {
    Json resources = Json::array();
    for (const auto& serving : Serving(definitions, {group, version}))
      resources.push_back(AggregatedResource(*serving.first, *serving.second));
    versions.push_back(
        {{"version", version}, {"resources", std::move(resources)}, {"freshness", "Current"}});
  }
  Json meta = {{"creationTimestamp", nullptr}};
  if (!group.empty()) meta["name"] = group;
  return {{"metadata", std::move(meta)}, {"versions", std::move(versions)}};
}

Json Aggregated(const Definitions& definitions, bool core, std::string_view version) {
  Json items = Json::array();
  if (core) {
    items.push_back(AggregatedGroup(definitions, ""));
  } else {
    const std::map<std::string, Definitions> by_group = ByGroup(definitions);
    for (const std::string& group : ServedGroups(definitions))
      items.push_back(AggregatedGroup(by_group.at(group), group));
  }
  return {{"kind", "APIGroupDiscoveryList"},
          {"apiVersion", fmt::format("apidiscovery.k8s.io/{}", version)},
          {"metadata", Json::object()},
          {"items", std::move(items)}};
}

std::shared_ptr<const std::string> GroupTexts::Of(const Definitions& definitions,
                                                  const std::string& group) {
  {
    MutexLock lock(&mu_);
    const auto it = known_.find(group);
    if (it != known_.end() && it->second.definitions == definitions) return it->second.text;
  }
  auto text = std::make_shared<const std::string>(DumpJson(AggregatedGroup(definitions, group)));
  MutexLock lock(&mu_);
  known_[group] = {definitions, text};
  return text;
}

void GroupTexts::Keep(const std::map<std::string, Definitions>& groups) {
  MutexLock lock(&mu_);
  std::erase_if(known_, [&](const auto& known) { return !groups.contains(known.first); });
}

std::string AggregatedText(const Definitions& definitions, bool core, std::string_view version,
                           GroupTexts* texts) {
  std::string out = fmt::format(R"({{"apiVersion":"apidiscovery.k8s.io/{}","items":[)", version);
  const std::map<std::string, Definitions> by_group = ByGroup(definitions);
  if (core) {
    const auto it = by_group.find("");
    out += *texts->Of(it == by_group.end() ? Definitions() : it->second, "");
  } else {
    texts->Keep(by_group);
    const char* separator = "";
    for (const std::string& group : ServedGroups(definitions)) {
      out += separator + *texts->Of(by_group.at(group), group);
      separator = ",";
    }
  }
  return out + R"(],"kind":"APIGroupDiscoveryList","metadata":{}})";
}

}  // namespace gantry::apiserver::discovery
