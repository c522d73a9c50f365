#include "controllers/runtime/controller.h"

#include <exception>

#include "apis/machinery/base/log.h"
#include "controllers/runtime/metrics.h"

namespace gantry::runtime {
namespace {

WorkQueue::Options QueueOptions(const std::string& name, WorkQueue::Options options) {
  options.name = name;
  return options;
}

void Count(const std::string& controller, const char* result) {
  Metrics().reconciles.Add({{"controller", controller}, {"result", result}}).Increment();
}

}  // namespace

MapFunction MapSelf() {
  return [](const ObjectPtr& before, const ObjectPtr& after) {
    return std::vector<ObjectKey>{(after ? after : before)->key()};
  };
}

MapFunction MapControllerOwner(const client::Resource& owner) {
  return [owner](const ObjectPtr& before, const ObjectPtr& after) {
    std::vector<ObjectKey> keys;
    for (const ObjectPtr& object : {before, after}) {
      if (!object) continue;
      const auto ref = object->controller_owner();
      if (!ref || ref->kind != owner.kind) continue;
      if (GroupVersion::Parse(ref->api_version).group != owner.group) continue;
      keys.push_back({owner.namespaced ? std::string(object->ns()) : "", ref->name});
    }
    return keys;
  };
}

MapFunction MapLabel(std::string label) {
  return [label = std::move(label)](const ObjectPtr& before, const ObjectPtr& after) {
    std::vector<ObjectKey> keys;
    for (const ObjectPtr& object : {before, after}) {
      if (!object) continue;
      if (const std::string_view name = object->label(label); !name.empty())
        keys.push_back({std::string(object->ns()), std::string(name)});
    }
    return keys;
  };
}

Controller::Controller(std::string name, std::unique_ptr<Reconciler> reconciler, Clock* clock,
                       ControllerOptions options)
    : name_(std::move(name)),
      reconciler_(std::move(reconciler)),
      clock_(clock),
      options_(options),
      ctx_(Context().WithCancel()),
      queue_(clock, QueueOptions(name_, options.queue)) {}

Controller::~Controller() { Stop(); }

void Controller::Watch(Informer* informer, MapFunction map) {
  informers_.push_back(informer);
  informer->AddHandler(
      [this, map = std::move(map)](const ObjectPtr& before, const ObjectPtr& after) {
        for (const ObjectKey& key : map(before, after)) queue_.Add(key);
      });
}

void Controller::Start() {
  for (int i = 0; i < options_.workers; ++i) threads_.emplace_back([this] { Work(); });
}

void Controller::Stop() {
  ctx_.Cancel();
  queue_.ShutDown();
  for (std::thread& t : threads_) t.join();
  threads_.clear();
}

void Controller::Work() {
  while (auto key = queue_.Get()) Process(ctx_, *key);
}

bool Controller::ReconcileOneForTest(const Context& ctx) {
  const auto key = queue_.TryGet();
  if (!key) return false;
  Process(ctx, *key);
  return true;
}

Result<Requeue> Controller::Guarded(const Context& ctx, const ObjectKey& key) {
  try {
    return reconciler_->Reconcile(ctx, key);
  } catch (const std::exception& e) {
    return Error(Code::kInternal, std::string("unexpected exception: ") + e.what());
  }
}

void Controller::Process(const Context& ctx, const ObjectKey& key) {
  RuntimeMetrics& m = Metrics();
  auto& active = m.active.Add({{"controller", name_}});
  active.Increment();
  const MonoTime begin = clock_->Mono();
  const Result<Requeue> result = Guarded(ctx, key);
  const std::chrono::duration<double> took = clock_->Mono() - begin;
  active.Decrement();
  m.duration.Add({{"controller", name_}}, metrics::DurationBuckets()).Observe(took.count());

  if (!result.ok()) {
    const Error& error = result.error();
    if (ctx.cancelled()) {
      // stopping: the next process looks again
    } else if (IsTerminal(error)) {
      LOG_WARN("reconcile failed for good", {"controller", name_}, {"key", key.ToString()},
               {"error", error});
      Count(name_, "terminal_error");
      m.errors.Add({{"controller", name_}}).Increment();
      queue_.Forget(key);
    } else {
      if (error.code == Code::kConflict) {
        LOG_DEBUG("reconcile met a newer object", {"controller", name_}, {"key", key.ToString()});
      } else {
        LOG_WARN("reconcile failed, will retry", {"controller", name_}, {"key", key.ToString()},
                 {"error", error});
      }
      Count(name_, "error");
      m.errors.Add({{"controller", name_}}).Increment();
      queue_.AddRateLimited(key);
    }
  } else if (result->kind == Requeue::Kind::kNow) {
    Count(name_, "requeue");
    queue_.AddRateLimited(key);
  } else {
    queue_.Forget(key);
    if (result->kind == Requeue::Kind::kAfter) queue_.AddAfter(key, result->delay);
    Count(name_, result->kind == Requeue::Kind::kAfter ? "requeue_after" : "done");
  }
  queue_.Done(key);
}

}  // namespace gantry::runtime
