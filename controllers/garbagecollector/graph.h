#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "apis/client/client.h"
#include "apis/machinery/base/mutex.h"

namespace gantry::gc {

// One object as the garbage collector sees it.
struct GraphNode {
  client::Resource resource;
  ObjectKey key;
  std::string uid;
  std::vector<OwnerReference> owners;
  std::vector<std::string> finalizers;
  bool deleting = false;

  bool HasFinalizer(std::string_view f) const;
  // Whether the owner may not go before this one.
  bool Blocks(std::string_view owner_uid) const;
};

// Finalizers that carry a deletion's propagation policy, by Kubernetes' names.
inline constexpr char kForeground[] = "foregroundDeletion";
inline constexpr char kOrphan[] = "orphan";

// Who owns whom, by uid, as far as the caches have told. It may lag behind and it may miss owners:
// whoever deletes asks the API first. Thread-safe; no call blocks.
class Graph {
 public:
  // Takes in a change and returns the uids whose situation it may have changed. `before` or `after`
  // is null for a new or a deleted object.
  std::vector<std::string> Observe(const client::Resource& resource, const ObjectPtr& before,
                                   const ObjectPtr& after);
  // Of an object without owners and finalizers that is not being deleted, only the uid.
  std::optional<GraphNode> Find(const std::string& uid) const;
  std::vector<GraphNode> DependentsOf(const std::string& uid) const;
  // Those whose end the owner's deletion in the foreground waits for. Who waits for the owner in
  // turn, maybe through others, holds nothing up: of a circle, all go.
  std::vector<GraphNode> BlockersOf(const std::string& owner_uid) const;

  // Whether the first list of every kind was observed. Before that DependentsOf may miss objects
  // that are older than their owner's deletion.
  void set_complete() { complete_ = true; }
  bool complete() const { return complete_; }

 private:
  void UnlinkLocked(const GraphNode& node) REQUIRES(mu_);
  std::vector<std::string> RemoveLocked(const std::string& uid) REQUIRES(mu_);
  std::vector<const GraphNode*> BlockingLocked(const std::string& owner_uid) const REQUIRES(mu_);
  bool WaitsForLocked(const GraphNode& node, const std::string& uid) const REQUIRES(mu_);

  std::atomic<bool> complete_ = false;
  mutable Mutex mu_;
  // Nearly all objects of a large installation are plain: nobody's dependents, nobody's concern.
  std::unordered_set<std::string> plain_ GUARDED_BY(mu_);
  std::map<std::string, GraphNode> nodes_ GUARDED_BY(mu_);                   // the others
  std::map<std::string, std::set<std::string>> dependents_ GUARDED_BY(mu_);  // owner -> dependents
};

}  // namespace gantry::gc
