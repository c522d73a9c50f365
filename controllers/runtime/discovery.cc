#include "controllers/runtime/discovery.h"

namespace gantry::runtime {
namespace {

Status AppendGroupVersion(const Context& ctx, const client::Client& client, const GroupVersion& gv,
                          std::vector<DiscoveredResource>* out) {
  const std::string path = (gv.group.empty() ? "/api/" : "/apis/") + gv.ToString();
  GANTRY_TRY_SET(const Json list, client.GetRaw(ctx, path));
  for (const Json& r : GetArray(list, "resources")) {
    const std::string name = GetString(r, "name");
    if (name.find('/') != std::string::npos) continue;
    const std::vector<std::string> verbs = GetStrings(r, "verbs");
    out->push_back({{gv.group, gv.version, name, GetString(r, "kind"), GetBool(r, "namespaced")},
                    {verbs.begin(), verbs.end()}});
  }
  return OkStatus();
}

}  // namespace

Result<std::vector<DiscoveredResource>> DiscoverResources(const Context& ctx,
                                                          const client::Client& client) {
  std::vector<DiscoveredResource> out;
  GANTRY_TRY(AppendGroupVersion(ctx, client, {"", "v1"}, &out));
  GANTRY_TRY_SET(const Json groups, client.GetRaw(ctx, "/apis"));
  for (const Json& group : GetArray(groups, "groups")) {
    const std::string preferred = GetString(GetObject(group, "preferredVersion"), "groupVersion");
    const Status added = AppendGroupVersion(ctx, client, GroupVersion::Parse(preferred), &out);
    // A kind that was removed since the list of groups was read.
    if (!added.ok() && added.code() != Code::kNotFound) return added.error();
  }
  return out;
}

}  // namespace gantry::runtime
