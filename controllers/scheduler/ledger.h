#pragma once

#include <map>
#include <set>
#include <string>

#include "apis/machinery/base/mutex.h"
#include "controllers/scheduler/plan.h"

namespace gantry::scheduler {

// What placed containers hold on each node, kept up to date from the informer's events and from the
// scheduler's own placements, which count before the cache shows them. So a placement costs one
// look at each node and none at other containers. Thread-safe.
class Ledger {
 public:
  // An event of the Container informer: added or changed (`after`), deleted (`after` null).
  void Observe(const ObjectPtr& before, const ObjectPtr& after);
  // The answer of the server to a placement.
  void Assume(const Object& placed);

  // Fills what is held on the node into `state`.
  void Fill(const std::string& node, const std::string& service, NodeState* state) const;
  // Nodes on which placed containers use the volume.
  std::set<std::string> NodesUsing(const std::string& volume) const;

 private:
  struct Placed {
    std::string node;
    Demand demand;
  };
  struct NodeSums {
    double cpus = 0;
    int64_t memory_bytes = 0;
    std::multiset<HostPort> ports;
    int containers = 0;
    std::map<std::string, int> by_service;
  };
  void SetLocked(const std::string& uid, Placed placed) REQUIRES(mu_);
  void RemoveLocked(const std::string& uid) REQUIRES(mu_);

  mutable Mutex mu_;
  std::map<std::string, Placed> placed_ GUARDED_BY(mu_);  // by uid of the container
  std::map<std::string, NodeSums> nodes_ GUARDED_BY(mu_);
  std::map<std::string, std::map<std::string, int>> volumes_
      GUARDED_BY(mu_);                // volume → node → uses
  int64_t seen_ GUARDED_BY(mu_) = 0;  // the latest revision observed
};

}  // namespace gantry::scheduler
