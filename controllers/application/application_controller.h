#pragma once

#include "controllers/application/desired.h"
#include "controllers/runtime/event_recorder.h"
#include "controllers/runtime/manager.h"
#include "controllers/runtime/own_writes.h"
#include "controllers/runtime/status_patch.h"

namespace gantry::application {

// Turns the Compose template of an Application into Services, Volumes and a Secret, keeps them so,
// and sums their state up. A template with faults changes nothing. Thread-safe.
class ApplicationReconciler : public runtime::Reconciler {
 public:
  struct Deps {
    client::Client client;
    runtime::EventRecorder* events;  // outlives the reconciler; so below
    const runtime::Lister* applications;
    const runtime::Lister* services;
    const runtime::Lister* volumes;
    const runtime::Lister* secrets;
    const runtime::Lister* revisions;
    Clock* clock;
  };
  explicit ApplicationReconciler(Deps deps);

  Result<runtime::Requeue> Reconcile(const Context& ctx, const ObjectKey& key) override;

 private:
  // One kind of object that applications own.
  struct Kind {
    client::Resource resource;
    const runtime::Lister* lister;
    runtime::OwnWrites* own;
  };
  // One object, and what stood there when it was computed (null: nothing). The cache moves on
  // meanwhile, so nobody looks again: the write fails if the server has something else by then.
  struct Item {
    Object object;
    ObjectPtr have;
  };
  // What a reconcile wants to exist.
  struct Wanted {
    std::vector<Item> secrets;
    std::vector<Item> volumes;
    std::vector<Item> services;
    std::vector<std::string> service_names;
  };

  Result<runtime::Requeue> Sync(const Context& ctx, const Object& application,
                                runtime::StatusPatch* patch);
  // The faults stand in `patch` when there are no parameters.
  Result<std::optional<Parameters>> ReadParameters(const Context& ctx, const Object& application,
                                                   runtime::StatusPatch* patch);
  // A source of parameters; null when there is none of the name. No cache has the ConfigMaps:
  // people keep many for other purposes.
  Result<ObjectPtr> ReadSource(const Context& ctx, const ObjectKey& key, bool secret);
  Wanted MakeWanted(const Object& application, const compose::Output& output);
  // Names that belong to somebody else; nothing is written when there is one.
  static std::string ForeignNames(const Object& application, const Wanted& wanted);
  Status Apply(const Context& ctx, const Object& application, const Wanted& wanted);
  Status Write(const Context& ctx, const Object& application, const Kind& kind, const Item& item);
  Status DeleteOthers(const Context& ctx, const Object& application, const Kind& kind,
                      const std::vector<Item>& keep);
  std::vector<ObjectPtr> Owned(const Object& application, const Kind& kind);
  // Null when there is none. The owned ones through the own writes.
  ObjectPtr Existing(const Object& application, const Kind& kind, const std::string& name);
  // Records the present state of the template under the highest number, and forgets the oldest
  // ones. Its name.
  Result<std::string> Record(const Context& ctx, const Object& application);
  Status PruneRevisions(const Context& ctx, const Object& application, std::vector<ObjectPtr> all,
                        const std::string& current);
  void SetStatus(const Object& application, const Wanted& wanted, runtime::StatusPatch* patch);
  void Fail(const Object& application, const char* reason, const std::string& message,
            runtime::StatusPatch* patch);

  const Deps deps_;
  runtime::OwnWrites own_services_;
  runtime::OwnWrites own_volumes_;
  runtime::OwnWrites own_secrets_;
  runtime::OwnWrites own_revisions_;
  const Kind services_;
  const Kind volumes_;
  const Kind secrets_;
  const Kind revisions_;
};

// `manager` outlives the controller.
void AddApplicationController(runtime::Manager* manager);

}  // namespace gantry::application
