#include "apiserver/registry/crd_follower.h"

#include "apis/machinery/base/log.h"
#include "apis/machinery/meta/condition.h"
#include "apis/machinery/meta/object.h"
#include "apiserver/registry/builtin.h"
#include "apiserver/storage/keys.h"

namespace gantry::apiserver {
namespace {

const GroupResource& CrdResource() {
  static const GroupResource* const resource =
      new GroupResource{"apiextensions.k8s.io", "customresourcedefinitions"};
  return *resource;
}

void Follow(KindRegistry* kinds, CacheSet* caches, const Entry& entry, bool deleted) {
  const Result<Json> json = entry.Decode();
  const auto definition = json.ok()
                              ? schema::ParseDefinition(*json)
                              : Result<std::shared_ptr<const schema::Definition>>(json.error());
  if (!definition.ok()) {
    LOG_ERROR("stored definition is not usable", {"crd", entry.key()},
              {"error", definition.error()});
    return;
  }
  const GroupResource resource = (*definition)->group_resource();
  const std::shared_ptr<const KindSet> set = kinds->Snapshot();
  const auto served = set->kinds.find(resource);
  if (served != set->kinds.end() && served->second->def().builtin) return;
  if (deleted || !IsConditionTrue(GetObject(*json, "status"), "Established")) {
    kinds->Remove(resource);
    caches->CloseWatches(resource);
    return;
  }
  kinds->Put(MakeKind(*definition, caches, entry.header().deleting));
}

}  // namespace

void CrdFollower::Install(KindRegistry* kinds, CacheSet* caches, TerminatingFn terminating) {
  caches->SetHook(CrdResource(), [kinds, caches, terminating = std::move(terminating)](
                                     const Entry& entry, bool deleted) {
    Follow(kinds, caches, entry, deleted);
    if (!deleted && entry.header().deleting) terminating(ParseRelativeKey(entry.key()).name);
  });
}

}  // namespace gantry::apiserver
