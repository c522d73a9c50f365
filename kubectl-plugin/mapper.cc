#include "kubectl-plugin/mapper.h"

#include <fmt/format.h>

#include <algorithm>

#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/session.h"

namespace gantry::kubectl {
namespace {

constexpr char kGantryGroup[] = "gantry.dev";
constexpr char kAggregated[] =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return tolower(c); });
  return out;
}

bool Contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// How well `word` names `r`: 0 not at all, 2 by a name of its own, 1 by a short name.
int Fits(const ServedResource& r, const std::string& word) {
  if (word == r.resource.plural || word == r.singular || word == Lower(r.resource.kind)) return 2;
  return Contains(r.short_names, word) ? 1 : 0;
}

// Whether what follows the name, `group` or `version.group`, fits.
bool InGroup(const ServedResource& r, const std::string& suffix) {
  return suffix.empty() || suffix == r.resource.group ||
         suffix == r.resource.version + (r.resource.group.empty() ? "" : "." + r.resource.group) ||
         (r.resource.group.empty() && suffix == r.resource.version + ".");
}

ServedResource FromDocument(const Json& r, const std::string& group, const std::string& version,
                            const char* plural_field, const std::string& kind) {
  ServedResource out;
  out.resource.group = group;
  out.resource.version = version;
  out.resource.plural = GetString(r, plural_field);
  out.resource.kind = kind;
  out.short_names = GetStrings(r, "shortNames");
  out.categories = GetStrings(r, "categories");
  out.verbs = GetStrings(r, "verbs");
  return out;
}

}  // namespace

bool ServedResource::Can(std::string_view verb) const { return Contains(verbs, verb); }

std::string ServedResource::Name() const {
  return GroupResource{resource.group, resource.plural}.ToString();
}

std::string ServedResource::ObjectName(std::string_view name) const {
  return fmt::format("{}/{}", GroupResource{resource.group, Lower(resource.kind)}.ToString(), name);
}

void Mapper::AddAggregated(const Json& groups) {
  for (const Json& group : GetArray(groups, "items")) {
    const std::string name = GetString(GetObject(group, "metadata"), "name");
    for (const Json& version : GetArray(group, "versions")) {
      for (const Json& r : GetArray(version, "resources")) {
        ServedResource served = FromDocument(r, name, GetString(version, "version"), "resource",
                                             GetString(GetObject(r, "responseKind"), "kind"));
        served.singular = GetString(r, "singularResource", Lower(served.resource.kind));
        served.resource.namespaced = GetString(r, "scope") == "Namespaced";
        for (const Json& sub : GetArray(r, "subresources")) {
          served.subresources.push_back(GetString(sub, "subresource"));
        }
        all_.push_back(std::move(served));
      }
    }
  }
}

void Mapper::AddLegacy(const Json& list) {
  const GroupVersion gv = GroupVersion::Parse(GetString(list, "groupVersion"));
  for (const Json& r : GetArray(list, "resources")) {
    const std::string name = GetString(r, "name");
    if (const size_t slash = name.find('/'); slash != std::string::npos) {
      for (ServedResource& parent : all_) {
        if (parent.resource.group == gv.group && parent.resource.version == gv.version &&
            parent.resource.plural == name.substr(0, slash)) {
          parent.subresources.push_back(name.substr(slash + 1));
        }
      }
      continue;
    }
    ServedResource served = FromDocument(r, gv.group, gv.version, "name", GetString(r, "kind"));
    served.singular = GetString(r, "singularName");
    if (served.singular.empty()) served.singular = Lower(served.resource.kind);
    served.resource.namespaced = GetBool(r, "namespaced");
    all_.push_back(std::move(served));
  }
}

Result<Mapper> Mapper::Discover(Session& session) {
  Mapper mapper;
  GANTRY_TRY_SET(const Json core, session.Fetch("GET", "/api", kAggregated));
  if (GetString(core, "kind") == "APIGroupDiscoveryList") {
    mapper.AddAggregated(core);
  } else {
    for (const std::string& version : GetStrings(core, "versions")) {
      GANTRY_TRY_SET(const Json list, session.Fetch("GET", "/api/" + version, "application/json"));
      mapper.AddLegacy(list);
    }
  }
  GANTRY_TRY_SET(const Json groups, session.Fetch("GET", "/apis", kAggregated));
  if (GetString(groups, "kind") == "APIGroupDiscoveryList") {
    mapper.AddAggregated(groups);
    return mapper;
  }
  for (const Json& group : GetArray(groups, "groups")) {
    for (const Json& version : GetArray(group, "versions")) {
      GANTRY_TRY_SET(
          const Json list,
          session.Fetch("GET", "/apis/" + GetString(version, "groupVersion"), "application/json"));
      mapper.AddLegacy(list);
    }
  }
  return mapper;
}

Result<const ServedResource*> Mapper::Find(const std::string& text) const {
  const std::string lower = Lower(text);
  const size_t dot = lower.find('.');
  const std::string word = lower.substr(0, dot);
  const std::string suffix = dot == std::string::npos ? "" : lower.substr(dot + 1);
  const ServedResource* best = nullptr;
  int best_score = 0;
  for (const ServedResource& r : all_) {
    const int fit = InGroup(r, suffix) ? Fits(r, word) : 0;
    if (fit == 0) continue;
    const int score = fit + (r.resource.group == kGantryGroup ? 2 : 0);
    if (score > best_score) {
      best = &r;
      best_score = score;
    }
  }
  if (!best) return LocalError(fmt::format("the server doesn't have a resource type \"{}\"", text));
  return best;
}

Result<std::vector<const ServedResource*>> Mapper::FindAll(const std::string& text) const {
  Result<const ServedResource*> one = Find(text);
  if (one.ok()) return std::vector<const ServedResource*>{*one};
  std::vector<const ServedResource*> members;
  for (const ServedResource& r : all_) {
    if (!Contains(r.categories, Lower(text)) || !r.Can("list")) continue;
    const bool other_version =
        std::any_of(members.begin(), members.end(), [&r](const ServedResource* m) {
          return m->resource.group == r.resource.group && m->resource.plural == r.resource.plural;
        });
    if (!other_version) members.push_back(&r);
  }
  if (members.empty()) return one.error();
  return members;
}

const ServedResource* Mapper::FindKind(const GroupVersionKind& gvk) const {
  for (const ServedResource& r : all_) {
    if (r.resource.gvk() == gvk) return &r;
  }
  return nullptr;
}

}  // namespace gantry::kubectl
