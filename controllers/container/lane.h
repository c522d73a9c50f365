#pragma once

#include <memory>
#include <thread>

#include "controllers/container/container_reconciler.h"
#include "controllers/runtime/controller.h"

namespace gantry::container {

// The work of one host: a queue with workers of its own, so that a host that hangs delays nobody
// else; a thread that follows the engine's events, which are hints; and one that compares
// everything now and then, which is the truth. All of them run from the constructor until the
// destructor, which waits for them. Thread-safe.
class Lane {
 public:
  struct Shared {
    runtime::Manager* manager;
    hosts::HostPool* hosts;
    std::shared_ptr<ContainerReconciler> reconciler;
    std::string installation;
  };
  // What `shared` points to outlives the lane.
  Lane(Shared shared, std::string node);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void Enqueue(const ObjectKey& key) { controller_.Enqueue(key); }
  // The Node object came, changed or went: a lane without one waits for it.
  void NodeChanged();

 private:
  // Follows events until the lane stops, over reconnections.
  void FollowEvents();
  void AwaitNode();
  // One stream, from its opening to its end.
  Status FollowOnce(int64_t* last_seen);
  void ResyncNowAndThen();
  // Enqueues the Containers of this node (all, or those whose status differs from the engine), and
  // removes containers of ours that no object wants.
  Status Resync(bool all);
  Status RemoveOrphan(docker::Engine* engine, const docker::ContainerSummary& orphan);

  const Shared shared_;
  const std::string node_;
  const client::Client client_;
  const runtime::Lister& containers_;
  const Context ctx_;
  Mutex mu_;
  CondVar node_changed_;  // with mu_
  runtime::Controller controller_;
  const std::shared_ptr<void> shown_;  // on the debug page
  std::thread events_;
  std::thread resync_;
};

}  // namespace gantry::container
