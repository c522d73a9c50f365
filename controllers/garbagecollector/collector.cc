#include "controllers/garbagecollector/collector.h"

#include <algorithm>

#include "controllers/runtime/finalizer.h"

namespace gantry::gc {
namespace {

constexpr Duration kUntilComplete = std::chrono::milliseconds(100);

}  // namespace

void KindMap::Set(std::vector<client::Resource> resources) {
  std::map<GroupKind, client::Resource> kinds;
  for (client::Resource& r : resources) {
    GroupKind kind{r.group, r.kind};
    kinds.emplace(std::move(kind), std::move(r));
  }
  MutexLock lock(&mu_);
  kinds_ = std::move(kinds);
}

std::optional<client::Resource> KindMap::Find(const GroupKind& kind) const {
  MutexLock lock(&mu_);
  const auto it = kinds_.find(kind);
  if (it == kinds_.end()) return std::nullopt;
  return it->second;
}

Result<runtime::Requeue> Collector::Reconcile(const Context& ctx, const ObjectKey& uid) {
  const std::optional<GraphNode> node = graph_->Find(uid.name);
  if (!node) return runtime::Requeue::Never();
  if (!node->deleting) {
    if (node->owners.empty()) return runtime::Requeue::Never();
    return CollectIfUnowned(ctx, *node);
  }
  const bool orphan = node->HasFinalizer(kOrphan);
  if (!orphan && !node->HasFinalizer(kForeground)) return runtime::Requeue::Never();
  if (!graph_->complete()) return runtime::Requeue::After(kUntilComplete);
  return orphan ? Orphan(ctx, *node) : DeleteInForeground(ctx, *node);
}

Result<Collector::OwnerState> Collector::StateOf(const Context& ctx, const GraphNode& dependent,
                                                 const OwnerReference& owner) const {
  if (const auto known = graph_->Find(owner.uid)) {
    const bool waits = known->deleting && known->HasFinalizer(kForeground);
    return waits ? OwnerState::kWaiting : OwnerState::kSolid;
  }
  const auto kind = kinds_->Find({GroupVersion::Parse(owner.api_version).group, owner.kind});
  // Nobody can say that it is gone: the kind may be on its way.
  if (!kind) return OwnerState::kSolid;
  const ObjectKey key{kind->namespaced ? dependent.key.ns : "", owner.name};
  const auto live = client_.Get(ctx, *kind, key);
  if (!live.ok() && live.code() == Code::kNotFound) return OwnerState::kGone;
  if (!live.ok()) return live.error();
  return live->uid() == owner.uid ? OwnerState::kSolid : OwnerState::kGone;
}

Result<runtime::Requeue> Collector::CollectIfUnowned(const Context& ctx, const GraphNode& node) {
  const auto all_solid = [&](const std::vector<OwnerReference>& owners) {
    return std::all_of(owners.begin(), owners.end(), [&](const OwnerReference& o) {
      const auto known = graph_->Find(o.uid);
      return known && !known->deleting;
    });
  };
  if (all_solid(node.owners)) return runtime::Requeue::Never();  // the usual case: no request

  const auto live = client_.Get(ctx, node.resource, node.key);
  if (!live.ok() && live.code() == Code::kNotFound) return runtime::Requeue::Never();
  if (!live.ok()) return live.error();
  if (live->uid() != node.uid || live->deleting()) return runtime::Requeue::Never();

  bool solid = false;
  bool waited_for = false;
  std::vector<std::string> not_solid;
  for (const OwnerReference& owner : live->owner_references()) {
    GANTRY_TRY_SET(const OwnerState state, StateOf(ctx, node, owner));
    solid |= state == OwnerState::kSolid;
    waited_for |= state == OwnerState::kWaiting;
    if (state != OwnerState::kSolid) not_solid.push_back(owner.uid);
  }
  if (not_solid.empty()) return runtime::Requeue::Never();
  if (solid) {
    GANTRY_TRY(DropOwners(ctx, node, *live, not_solid));
    return runtime::Requeue::Never();
  }
  client::DeleteOptions options;
  options.uid = node.uid;
  options.resource_version = std::string(live->resource_version());
  // An owner that waits for this one waits for what this one owns, too.
  options.propagation = waited_for && !graph_->DependentsOf(node.uid).empty()
                            ? client::Propagation::kForeground
                            : client::Propagation::kBackground;
  const auto deleted = client_.Delete(ctx, node.resource, node.key, options);
  if (!deleted.ok() && deleted.code() != Code::kNotFound) return deleted.error();
  return runtime::Requeue::Never();
}

Result<runtime::Requeue> Collector::DeleteInForeground(const Context& ctx, const GraphNode& owner) {
  for (const GraphNode& dependent : graph_->DependentsOf(owner.uid)) {
    if (!dependent.deleting) {
      GANTRY_TRY(CollectIfUnowned(ctx, dependent));
    }
  }
  // The end of each dependent comes back to here.
  if (!graph_->BlockersOf(owner.uid).empty()) return runtime::Requeue::Never();
  GANTRY_TRY(DropFinalizer(ctx, owner, kForeground));
  return runtime::Requeue::Never();
}

Result<runtime::Requeue> Collector::Orphan(const Context& ctx, const GraphNode& owner) {
  for (const GraphNode& dependent : graph_->DependentsOf(owner.uid)) {
    const auto live = client_.Get(ctx, dependent.resource, dependent.key);
    if (!live.ok() && live.code() == Code::kNotFound) continue;
    if (!live.ok()) return live.error();
    if (live->uid() == dependent.uid) GANTRY_TRY(DropOwners(ctx, dependent, *live, {owner.uid}));
  }
  GANTRY_TRY(DropFinalizer(ctx, owner, kOrphan));
  return runtime::Requeue::Never();
}

Status Collector::DropOwners(const Context& ctx, const GraphNode& node, const Object& live,
                             const std::vector<std::string>& uids) const {
  Json kept = Json::array();
  for (const OwnerReference& owner : live.owner_references()) {
    if (std::find(uids.begin(), uids.end(), owner.uid) == uids.end())
      kept.push_back(owner.ToJson());
  }
  const Json patch = {{"metadata",
                       {{"ownerReferences", kept},
                        {"uid", node.uid},
                        {"resourceVersion", live.resource_version()}}}};
  const auto patched =
      client_.Patch(ctx, node.resource, node.key, client::PatchType::kMerge, patch);
  if (!patched.ok() && patched.code() != Code::kNotFound) return patched.error();
  return OkStatus();
}

Status Collector::DropFinalizer(const Context& ctx, const GraphNode& node,
                                const std::string& name) const {
  const auto live = client_.Get(ctx, node.resource, node.key);
  if (!live.ok() && live.code() == Code::kNotFound) return OkStatus();
  if (!live.ok()) return live.error();
  if (live->uid() != node.uid) return OkStatus();
  return runtime::RemoveFinalizer(ctx, client_, node.resource, *live, name);
}

}  // namespace gantry::gc
