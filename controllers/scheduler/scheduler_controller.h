#pragma once

#include "controllers/runtime/event_recorder.h"
#include "controllers/runtime/manager.h"
#include "controllers/runtime/status_patch.h"
#include "controllers/scheduler/ledger.h"

namespace gantry::scheduler {

// Gives each Container a node, once: sets spec.nodeName, or says in status and an event why none
// fits. REQUIRES: one worker, because a placement depends on the one before.
class SchedulerReconciler : public runtime::Reconciler {
 public:
  struct Deps {
    client::Client client;
    runtime::EventRecorder* events;  // outlives the reconciler; so below
    const runtime::Lister* containers;
    const runtime::Lister* nodes;
    const runtime::Lister* volumes;
    std::shared_ptr<Ledger> ledger;
    Clock* clock;
  };
  explicit SchedulerReconciler(Deps deps) : deps_(std::move(deps)) {}

  Result<runtime::Requeue> Reconcile(const Context& ctx, const ObjectKey& key) override;

 private:
  Result<runtime::Requeue> Schedule(const Context& ctx, const ObjectPtr& found);
  // Takes back what was said while no node fitted.
  Status ClearRefusal(const Context& ctx, const ObjectPtr& container);
  Request RequestFor(const Object& container) const;
  std::vector<NodeState> NodesFor(const Request& request) const;

  const Deps deps_;
};

// `manager` outlives the controller.
void AddSchedulerController(runtime::Manager* manager);

}  // namespace gantry::scheduler
