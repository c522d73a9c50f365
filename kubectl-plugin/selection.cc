#include "kubectl-plugin/selection.h"

#include <fmt/format.h>

#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/manifests.h"
#include "kubectl-plugin/targets.h"

namespace gantry::kubectl {

ObjectKey KeyOf(const ServedResource& type, const std::string& ns, const std::string& name) {
  return {type.resource.namespaced ? ns : "", name};
}

Result<std::vector<NamedObject>> ObjectsOfFiles(Session& session,
                                                const std::vector<std::string>& files,
                                                bool recursive, bool skip_unserved) {
  GANTRY_TRY_SET(const Mapper* mapper, session.mapper());
  GANTRY_TRY_SET(const std::string ns, session.ns());
  GANTRY_TRY_SET(const auto manifests, ReadManifests(session.io(), files, recursive));
  std::vector<NamedObject> objects;
  for (const Manifest& m : manifests) {
    const ServedResource* type = mapper->FindKind(m.object.gvk());
    if (!type) {
      if (skip_unserved) continue;
      return LocalError(fmt::format("no matches for kind \"{}\" in version \"{}\"", m.object.kind(),
                                    m.object.api_version()));
    }
    const std::string own(m.object.ns());
    objects.push_back({type, KeyOf(*type, own.empty() ? ns : own, std::string(m.object.name()))});
  }
  return objects;
}

Result<std::vector<NamedObject>> SelectObjects(Session& session, const SelectionFlags& flags,
                                               bool skip_unserved) {
  if (!flags.files.empty())
    return ObjectsOfFiles(session, flags.files, flags.recursive, skip_unserved);
  GANTRY_TRY_SET(const Mapper* mapper, session.mapper());
  GANTRY_TRY_SET(const std::string ns, session.ns());
  GANTRY_TRY_SET(const std::vector<Target> targets, ParseTargets(*mapper, flags.words));
  std::vector<NamedObject> objects;
  for (const Target& target : targets) {
    for (const std::string& name : target.names)
      objects.push_back({target.type, KeyOf(*target.type, ns, name)});
    if (!target.names.empty()) continue;
    if (!flags.all && flags.selector.empty()) {
      return LocalError("resource(s) were provided, but no name was specified; use --all or -l");
    }
    GANTRY_TRY_SET(const client::Client* client, session.client());
    client::ListOptions list;
    list.label_selector = flags.selector;
    GANTRY_TRY_SET(const client::List found, client->ListAll(session.ctx(), target.type->resource,
                                                             flags.all_namespaces ? "" : ns, list));
    for (const Object& o : found.items) objects.push_back({target.type, o.key()});
  }
  return objects;
}

}  // namespace gantry::kubectl
