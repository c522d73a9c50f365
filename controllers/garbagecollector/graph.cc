#include "controllers/garbagecollector/graph.h"

#include <algorithm>

namespace gantry::gc {
namespace {

GraphNode NodeOf(const client::Resource& resource, const Object& o) {
  return {resource,       o.key(),     std::string(o.uid()), o.owner_references(),
          o.finalizers(), o.deleting()};
}

bool SameOwners(const GraphNode& a, const GraphNode& b) {
  return std::equal(a.owners.begin(), a.owners.end(), b.owners.begin(), b.owners.end(),
                    [](const OwnerReference& x, const OwnerReference& y) {
                      return x.uid == y.uid && x.block_owner_deletion == y.block_owner_deletion;
                    });
}

bool IsPlain(const GraphNode& n) { return n.owners.empty() && n.finalizers.empty() && !n.deleting; }

}  // namespace

bool GraphNode::HasFinalizer(std::string_view f) const {
  return std::find(finalizers.begin(), finalizers.end(), f) != finalizers.end();
}

bool GraphNode::Blocks(std::string_view owner_uid) const {
  return std::any_of(owners.begin(), owners.end(), [&](const OwnerReference& o) {
    return o.uid == owner_uid && o.block_owner_deletion;
  });
}

void Graph::UnlinkLocked(const GraphNode& node) {
  for (const OwnerReference& owner : node.owners) {
    const auto it = dependents_.find(owner.uid);
    if (it == dependents_.end()) continue;
    it->second.erase(node.uid);
    if (it->second.empty()) dependents_.erase(it);
  }
}

std::vector<std::string> Graph::RemoveLocked(const std::string& uid) {
  std::vector<std::string> concerned;
  plain_.erase(uid);
  const auto node = nodes_.find(uid);
  if (node != nodes_.end()) {
    UnlinkLocked(node->second);
    // An owner that waits for its dependents has one less.
    for (const OwnerReference& owner : node->second.owners) concerned.push_back(owner.uid);
    nodes_.erase(node);
  }
  const auto dependents = dependents_.find(uid);
  if (dependents != dependents_.end())
    concerned.insert(concerned.end(), dependents->second.begin(), dependents->second.end());
  return concerned;
}

std::vector<std::string> Graph::Observe(const client::Resource& resource, const ObjectPtr& before,
                                        const ObjectPtr& after) {
  MutexLock lock(&mu_);
  std::vector<std::string> concerned;
  // The same name may have come back with another uid.
  if (before && (!after || before->uid() != after->uid()))
    concerned = RemoveLocked(std::string(before->uid()));
  if (!after) return concerned;

  GraphNode node = NodeOf(resource, *after);
  const std::string uid = node.uid;
  const auto known = nodes_.find(uid);
  const bool is_new = known == nodes_.end();
  if (!is_new) {
    UnlinkLocked(known->second);
    // An owner that waited for this one may not have to any more.
    for (const OwnerReference& owner : known->second.owners) {
      if (owner.block_owner_deletion && !node.Blocks(owner.uid)) concerned.push_back(owner.uid);
    }
  }
  if (IsPlain(node)) {
    if (!is_new) nodes_.erase(known);
    plain_.insert(uid);
    return concerned;
  }
  plain_.erase(uid);
  const bool owners_changed = is_new || !SameOwners(known->second, node);
  const bool deletion_changed = is_new || known->second.deleting != node.deleting ||
                                known->second.finalizers != node.finalizers;
  for (const OwnerReference& owner : node.owners) dependents_[owner.uid].insert(uid);
  if ((owners_changed && !node.owners.empty()) || (deletion_changed && node.deleting))
    concerned.push_back(uid);
  nodes_[uid] = std::move(node);
  return concerned;
}

std::optional<GraphNode> Graph::Find(const std::string& uid) const {
  MutexLock lock(&mu_);
  const auto it = nodes_.find(uid);
  if (it != nodes_.end()) return it->second;
  if (!plain_.contains(uid)) return std::nullopt;
  GraphNode plain;
  plain.uid = uid;
  return plain;
}

std::vector<GraphNode> Graph::DependentsOf(const std::string& uid) const {
  MutexLock lock(&mu_);
  std::vector<GraphNode> out;
  const auto it = dependents_.find(uid);
  if (it == dependents_.end()) return out;
  for (const std::string& dependent : it->second) {
    const auto node = nodes_.find(dependent);
    if (node != nodes_.end()) out.push_back(node->second);
  }
  return out;
}

std::vector<const GraphNode*> Graph::BlockingLocked(const std::string& owner_uid) const {
  std::vector<const GraphNode*> out;
  const auto it = dependents_.find(owner_uid);
  if (it == dependents_.end()) return out;
  for (const std::string& dependent : it->second) {
    const auto node = nodes_.find(dependent);
    if (node != nodes_.end() && node->second.Blocks(owner_uid)) out.push_back(&node->second);
  }
  return out;
}

bool Graph::WaitsForLocked(const GraphNode& node, const std::string& uid) const {
  std::set<std::string_view> seen = {node.uid};
  std::vector<const GraphNode*> waiting = {&node};
  while (!waiting.empty()) {
    const GraphNode* const next = waiting.back();
    waiting.pop_back();
    if (!next->deleting || !next->HasFinalizer(kForeground)) continue;
    for (const GraphNode* blocker : BlockingLocked(next->uid)) {
      if (blocker->uid == uid) return true;
      if (seen.insert(blocker->uid).second) waiting.push_back(blocker);
    }
  }
  return false;
}

std::vector<GraphNode> Graph::BlockersOf(const std::string& owner_uid) const {
  MutexLock lock(&mu_);
  std::vector<GraphNode> out;
  for (const GraphNode* dependent : BlockingLocked(owner_uid)) {
    if (!WaitsForLocked(*dependent, owner_uid)) out.push_back(*dependent);
  }
  return out;
}

}  // namespace gantry::gc
