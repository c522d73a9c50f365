#include "controllers/container/lane.h"

#include <algorithm>
#include <map>

#include "apis/machinery/base/log.h"
#include "controllers/container/labels.h"

namespace gantry::container {
namespace {

using namespace std::chrono_literals;

constexpr int kWorkersPerHost = 4;
constexpr Duration kResyncEvery = 2min;
constexpr Duration kReconnectAfter = 1s;

// Forwards to the reconciler that all lanes share.
class SharedReconciler : public runtime::Reconciler {
 public:
  explicit SharedReconciler(std::shared_ptr<ContainerReconciler> reconciler)
      : reconciler_(std::move(reconciler)) {}
  Result<runtime::Requeue> Reconcile(const Context& ctx, const ObjectKey& key) override {
    return reconciler_->Reconcile(ctx, key);
  }

 private:
  const std::shared_ptr<ContainerReconciler> reconciler_;
};

runtime::ControllerOptions LaneOptions() {
  runtime::ControllerOptions options;
  options.workers = kWorkersPerHost;
  return options;
}

// Events that can change what a reconcile would do. Health checks alone make two exec events each.
bool Matters(const docker::Event& event) {
  if (event.type != "container") return false;
  for (const char* action :
       {"die", "destroy", "start", "oom", "pause", "unpause", "stop", "kill"}) {
    if (event.action == action) return true;
  }
  return event.action.starts_with("health_status");
}

}  // namespace

Lane::Lane(Shared shared, std::string node)
    : shared_(std::move(shared)),
      node_(std::move(node)),
      client_(shared_.manager->ClientFor("container")),
      containers_(shared_.manager->InformerFor(v1::kContainers)->lister()),
      ctx_(Context().WithCancel()),
      controller_("container", std::make_unique<SharedReconciler>(shared_.reconciler),
                  shared_.manager->clock(), LaneOptions()),
      shown_(shared_.manager->Show(&controller_, node_)) {
  controller_.Start();
  events_ = std::thread([this] { FollowEvents(); });
  resync_ = std::thread([this] { ResyncNowAndThen(); });
}

Lane::~Lane() {
  ctx_.Cancel();
  events_.join();
  resync_.join();
  controller_.Stop();
}

void Lane::FollowEvents() {
  int64_t last_seen = 0;
  while (!ctx_.cancelled()) {
    const Status ended = FollowOnce(&last_seen);
    if (ctx_.cancelled()) return;
    LOG_DEBUG("event stream ended", {"node", node_}, {"error", ended.error()});
    // Whatever runs there is unknown now: every Container of the host finds out for itself.
    for (const ObjectPtr& c : containers_.ByNode(node_)) controller_.Enqueue(c->key());
    if (shared_.hosts->NodeExists(node_)) {
      ctx_.SleepFor(kReconnectAfter).IgnoreError();
    } else {
      AwaitNode();
    }
  }
}

void Lane::AwaitNode() {
  const auto guard = ctx_.OnCancel([this] { NodeChanged(); });
  MutexLock lock(&mu_);
  while (!ctx_.cancelled() && !shared_.hosts->NodeExists(node_)) node_changed_.Wait(&mu_);
}

void Lane::NodeChanged() {
  MutexLock lock(&mu_);
  node_changed_.SignalAll();
}

Status Lane::FollowOnce(int64_t* last_seen) {
  GANTRY_TRY_SET(const auto engine, shared_.hosts->EngineOf(ctx_, node_));
  GANTRY_TRY_SET(const auto stream,
                 engine->Events(ctx_, FilterForAll(shared_.installation), *last_seen));
  const auto guard = ctx_.OnCancel([&stream] { stream->Close(); });
  // After the stream is open, so that nothing falls between.
  GANTRY_TRY(Resync(/*all=*/true));
  while (true) {
    GANTRY_TRY_SET(const docker::Event event, stream->Next());
    *last_seen = std::max(*last_seen, event.time_nano);
    if (Matters(event)) controller_.Enqueue(KeyFromLabels(event.attributes));
  }
}

void Lane::ResyncNowAndThen() {
  while (ctx_.SleepFor(kResyncEvery).ok()) {
    if (!shared_.hosts->NodeExists(node_)) continue;
    const Status done = Resync(/*all=*/false);
    if (!done.ok()) LOG_DEBUG("resync failed", {"node", node_}, {"error", done.error()});
  }
}

Status Lane::Resync(bool all) {
  GANTRY_TRY_SET(const auto engine, shared_.hosts->EngineOf(ctx_, node_));
  GANTRY_TRY_SET(const auto listed,
                 engine->ListContainers(ctx_, FilterForAll(shared_.installation)));
  std::map<std::string, const docker::ContainerSummary*> by_id;
  for (const docker::ContainerSummary& c : listed) by_id[c.id] = &c;
  std::map<std::string, ObjectPtr> by_uid;
  for (const ObjectPtr& object : containers_.ByNode(node_)) {
    by_uid[std::string(object->uid())] = object;
    const auto it = by_id.find(GetString(object->status(), "containerID"));
    const bool runs = it != by_id.end() && it->second->state == "running";
    const bool said_so = GetString(object->status(), "phase") == "Running";
    if (all || runs != said_so || object->deleting()) controller_.Enqueue(object->key());
  }
  for (const docker::ContainerSummary& c : listed) {
    const auto uid = c.labels.find(kEngineUid);
    if (uid == c.labels.end() || by_uid.contains(uid->second)) continue;
    const Status removed = RemoveOrphan(engine.get(), c);
    if (!removed.ok()) LOG_WARN("orphan stays", {"container", c.id}, {"error", removed.error()});
  }
  return OkStatus();
}

Status Lane::RemoveOrphan(docker::Engine* engine, const docker::ContainerSummary& orphan) {
  // The cache may be behind: the API has the last word.
  const auto live = client_.Get(ctx_, v1::kContainers, KeyFromLabels(orphan.labels));
  if (!live.ok() && live.code() != Code::kNotFound) return live.error();
  const auto uid = orphan.labels.find(kEngineUid);
  if (live.ok() && live->uid() == uid->second && GetString(live->spec(), "nodeName") == node_)
    return OkStatus();
  LOG_INFO("removing a container that no object wants", {"node", node_}, {"container", orphan.id},
           {"object", KeyFromLabels(orphan.labels).ToString()});
  return engine->RemoveContainer(ctx_, orphan.id, /*force=*/true);
}

}  // namespace gantry::container
