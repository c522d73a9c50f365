#pragma once

#include <map>
#include <set>

#include "controllers/garbagecollector/graph.h"
#include "controllers/runtime/manager.h"

namespace gantry::gc {

// What keeps an object that is being deleted from going.
struct Blockers {
  std::vector<std::string> finalizers;  // those that others have to remove
  std::vector<GraphNode> dependents;    // that a deletion in the foreground waits for

  bool empty() const { return finalizers.empty() && dependents.empty(); }
  // `waits for finalizers: a, b; waits for dependents: configmaps default/c (held by d)`.
  std::string Describe() const;
};

// Of an object as the graph knows it.
Blockers FindBlockers(const Graph& graph, const GraphNode& node);

// Tells people what a deletion waits for that takes longer than `patience`: as the condition
// DeletionBlocked where the kind's status has conditions, else as an Event. Objects are named by
// their uid, as for the collector.
class BlockerReporter : public runtime::Reconciler {
 public:
  // All outlive the reporter.
  BlockerReporter(client::Client client, const Graph* graph, runtime::EventRecorder* events,
                  Clock* clock, Duration patience)
      : client_(std::move(client)),
        graph_(graph),
        events_(events),
        clock_(clock),
        patience_(patience) {}

  Result<runtime::Requeue> Reconcile(const Context& ctx, const ObjectKey& uid) override;

 private:
  // False: the kind has no place for conditions.
  Result<bool> SetCondition(const Context& ctx, const GraphNode& node, const Object& live,
                            const std::string& message);

  const client::Client client_;
  const Graph* const graph_;
  runtime::EventRecorder* const events_;
  Clock* const clock_;
  const Duration patience_;
};

}  // namespace gantry::gc
