#pragma once

#include <map>

#include "controllers/runtime/event_recorder.h"
#include "controllers/runtime/manager.h"
#include "controllers/runtime/own_writes.h"
#include "controllers/runtime/status_patch.h"
#include "controllers/service/plan.h"

namespace gantry::service {

// Keeps the Containers of one Service as its spec says: see plan.h for the rules. Thread-safe.
class ServiceReconciler : public runtime::Reconciler {
 public:
  struct Deps {
    client::Client client;
    runtime::EventRecorder* events;  // outlives the reconciler; so below
    const runtime::Lister* services;
    const runtime::Lister* revisions;
    const runtime::Lister* containers;
    const runtime::Lister* nodes;
    Clock* clock;
  };
  explicit ServiceReconciler(Deps deps);

  Result<runtime::Requeue> Reconcile(const Context& ctx, const ObjectKey& key) override;

 private:
  Result<runtime::Requeue> Sync(const Context& ctx, const Object& service,
                                runtime::StatusPatch* patch);
  // The wanted revision, which exists afterwards, with the highest number: the one of the present
  // template, or of a paused service the one that it has.
  Result<ObjectPtr> EnsureRevision(const Context& ctx, const Object& service);
  enum class Redeployment { kNone, kLooking, kAnswered };
  // Sees to an annotation gantry.dev/redeployed-at that is new: asks a host for the newest image,
  // and pins it when the answer is there. kAnswered: ended instances are to be made anew.
  Result<Redeployment> Redeploy(const Context& ctx, const Object& service, const Object& revision,
                                const std::vector<Instance>& instances,
                                runtime::StatusPatch* patch);
  // Deletes what is over revisionHistoryLimit and not in use.
  Status PruneRevisions(const Context& ctx, const Object& service, const v1::ServiceSpec& spec,
                        const std::string& current, const std::vector<Instance>& instances);
  std::vector<Instance> Observe(const Object& service);
  // Adds to `vacancies` where instances were last seen whose end nobody could note in the status,
  // because they went between two looks.
  void RecallVacancies(const ObjectKey& service, const std::vector<Instance>& instances,
                       std::vector<Vacancy>* vacancies);
  Status Execute(const Context& ctx, const Object& service, const v1::ServiceSpec& spec,
                 const Object& revision, const Plan& plan);
  Status SwitchContainer(const Context& ctx, const Object& service, const Switch& change);
  Status CreateContainer(const Context& ctx, const Object& service, const Object& container);

  const Deps deps_;
  runtime::OwnWrites own_containers_;
  runtime::OwnWrites own_revisions_;
  Mutex mu_;
  // By service and slot. A hint: without it a successor has no preferred node.
  std::map<ObjectKey, std::map<int, Vacancy>> last_seen_ GUARDED_BY(mu_);
};

// `manager` outlives the controller.
void AddServiceController(runtime::Manager* manager);

}  // namespace gantry::service
