#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "controllers/runtime/informer.h"
#include "controllers/runtime/reconciler.h"
#include "controllers/runtime/work_queue.h"

namespace gantry::runtime {

// The keys to reconcile after a change; `before` is null for a new object, `after` for a deleted
// one. Runs on the informer's thread: reads caches at most.
using MapFunction =
    std::function<std::vector<ObjectKey>(const ObjectPtr& before, const ObjectPtr& after)>;

// The object itself.
MapFunction MapSelf();
// The controlling owner of kind `owner` (in the object's namespace if `owner` is namespaced).
MapFunction MapControllerOwner(const client::Resource& owner);
// The object of the same namespace that the label `label` names.
MapFunction MapLabel(std::string label);

struct ControllerOptions {
  int workers = 2;
  WorkQueue::Options queue;
};

// A work queue, workers, and a reconciler. Start, Stop and Watch from one thread; Enqueue from any.
class Controller {
 public:
  // `clock` outlives the controller. `name` is a word: `service`.
  Controller(std::string name, std::unique_ptr<Reconciler> reconciler, Clock* clock,
             ControllerOptions options = {});
  ~Controller();

  // Reconciles what `map` says whenever an object of `informer` changes.
  // REQUIRES: the informer is stopped before this controller is destroyed.
  void Watch(Informer* informer, MapFunction map);

  void Enqueue(const ObjectKey& key) { queue_.Add(key); }
  void EnqueueAfter(const ObjectKey& key, Duration delay) { queue_.AddAfter(key, delay); }

  // Starts the workers. Informers must have synced before.
  void Start();
  // Cancels running reconciles and joins the workers.
  void Stop();

  // Looks at one key if one is due, on this thread; false when none was.
  bool ReconcileOneForTest(const Context& ctx);

  const std::string& name() const { return name_; }
  const WorkQueue& queue() const { return queue_; }
  int workers() const { return options_.workers; }
  const std::vector<Informer*>& informers() const { return informers_; }

 private:
  void Work();
  void Process(const Context& ctx, const ObjectKey& key);
  // Runs the reconciler; an exception of a library that escaped it becomes kInternal.
  Result<Requeue> Guarded(const Context& ctx, const ObjectKey& key);

  const std::string name_;
  const std::unique_ptr<Reconciler> reconciler_;
  Clock* const clock_;
  const ControllerOptions options_;
  const Context ctx_;
  WorkQueue queue_;
  std::vector<Informer*> informers_;
  std::vector<std::thread> threads_;
};

}  // namespace gantry::runtime
