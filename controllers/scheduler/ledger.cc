#include "controllers/scheduler/ledger.h"

#include <algorithm>

#include "controllers/runtime/store.h"

namespace gantry::scheduler {
namespace {

std::string NodeOf(const Object& container) { return GetString(container.spec(), "nodeName"); }

void Decrement(std::map<std::string, int>* counts, const std::string& key) {
  const auto it = counts->find(key);
  if (it != counts->end() && --it->second <= 0) counts->erase(it);
}

}  // namespace

void Ledger::Observe(const ObjectPtr& before, const ObjectPtr& after) {
  MutexLock lock(&mu_);
  const Object& object = after ? *after : *before;
  seen_ = std::max(seen_, runtime::ParseRevision(object.resource_version()));
  if (!after) {
    RemoveLocked(std::string(object.uid()));
  } else if (std::string node = NodeOf(object); !node.empty()) {
    SetLocked(std::string(object.uid()), {std::move(node), DemandOf(object)});
  }
}

void Ledger::Assume(const Object& placed) {
  MutexLock lock(&mu_);
  // The informer was faster, and may even have seen the container go.
  if (runtime::ParseRevision(placed.resource_version()) <= seen_) return;
  SetLocked(std::string(placed.uid()), {NodeOf(placed), DemandOf(placed)});
}

void Ledger::SetLocked(const std::string& uid, Placed placed) {
  RemoveLocked(uid);
  NodeSums& sums = nodes_[placed.node];
  const Demand& d = placed.demand;
  sums.cpus += d.cpus;
  sums.memory_bytes += d.memory_bytes;
  sums.ports.insert(d.ports.begin(), d.ports.end());
  ++sums.containers;
  if (!d.service.empty()) ++sums.by_service[d.service];
  for (const std::string& volume : d.volumes) ++volumes_[volume][placed.node];
  placed.demand.placement = {};  // it is no longer asked for
  placed_[uid] = std::move(placed);
}

void Ledger::RemoveLocked(const std::string& uid) {
  const auto it = placed_.find(uid);
  if (it == placed_.end()) return;
  const Demand& d = it->second.demand;
  NodeSums& sums = nodes_[it->second.node];
  sums.cpus -= d.cpus;
  sums.memory_bytes -= d.memory_bytes;
  for (const HostPort& port : d.ports) {
    if (const auto p = sums.ports.find(port); p != sums.ports.end()) sums.ports.erase(p);
  }
  Decrement(&sums.by_service, d.service);
  for (const std::string& volume : d.volumes) {
    Decrement(&volumes_[volume], it->second.node);
    if (volumes_[volume].empty()) volumes_.erase(volume);
  }
  if (--sums.containers == 0) nodes_.erase(it->second.node);
  placed_.erase(it);
}

void Ledger::Fill(const std::string& node, const std::string& service, NodeState* state) const {
  MutexLock lock(&mu_);
  const auto it = nodes_.find(node);
  if (it == nodes_.end()) return;
  const NodeSums& sums = it->second;
  state->reserved_cpus = sums.cpus;
  state->reserved_memory_bytes = sums.memory_bytes;
  state->ports.assign(sums.ports.begin(), sums.ports.end());
  state->containers = sums.containers;
  const auto s = sums.by_service.find(service);
  state->of_service = s == sums.by_service.end() ? 0 : s->second;
}

std::set<std::string> Ledger::NodesUsing(const std::string& volume) const {
  MutexLock lock(&mu_);
  std::set<std::string> out;
  const auto it = volumes_.find(volume);
  if (it == volumes_.end()) return out;
  for (const auto& [node, uses] : it->second) out.insert(node);
  return out;
}

}  // namespace gantry::scheduler
