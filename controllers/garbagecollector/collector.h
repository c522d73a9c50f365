#pragma once

#include "controllers/garbagecollector/graph.h"
#include "controllers/runtime/reconciler.h"

namespace gantry::gc {

// The kinds that are served now, for finding owners. Thread-safe.
class KindMap {
 public:
  void Set(std::vector<client::Resource> resources);
  // In any version of the group; empty when the kind is not served.
  std::optional<client::Resource> Find(const GroupKind& kind) const;

 private:
  mutable Mutex mu_;
  std::map<GroupKind, client::Resource> kinds_ GUARDED_BY(mu_);
};

// Decides about one object, named by its uid (as ObjectKey{"", uid}), and acts. Reads the graph for
// what is likely, and the API before anything is deleted.
class Collector : public runtime::Reconciler {
 public:
  // `graph` and `kinds` outlive the collector.
  Collector(client::Client client, const Graph* graph, const KindMap* kinds)
      : client_(std::move(client)), graph_(graph), kinds_(kinds) {}

  Result<runtime::Requeue> Reconcile(const Context& ctx, const ObjectKey& uid) override;

 private:
  enum class OwnerState { kSolid, kWaiting, kGone };

  // kWaiting: the owner is being deleted in the foreground and waits for its dependents.
  Result<OwnerState> StateOf(const Context& ctx, const GraphNode& dependent,
                             const OwnerReference& owner) const;
  Result<runtime::Requeue> CollectIfUnowned(const Context& ctx, const GraphNode& node);
  Result<runtime::Requeue> DeleteInForeground(const Context& ctx, const GraphNode& owner);
  Result<runtime::Requeue> Orphan(const Context& ctx, const GraphNode& owner);
  Status DropOwners(const Context& ctx, const GraphNode& node, const Object& live,
                    const std::vector<std::string>& uids) const;
  Status DropFinalizer(const Context& ctx, const GraphNode& node, const std::string& name) const;

  const client::Client client_;
  const Graph* const graph_;
  const KindMap* const kinds_;
};

}  // namespace gantry::gc
