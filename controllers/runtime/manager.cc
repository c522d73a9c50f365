#include "controllers/runtime/manager.h"

#include "apis/machinery/base/log.h"
#include "controllers/runtime/metrics.h"

namespace gantry::runtime {
namespace {

double InSeconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

std::string ControllerUser(std::string_view controller) {
  return "system:gantry:controller:" + std::string(controller);
}

Manager::Manager(Options options) : options_(std::move(options)) {}

Manager::~Manager() { Stop(); }

client::Client Manager::ClientFor(std::string_view controller) const {
  const std::string user = ControllerUser(controller);
  client::Client client(options_.transport(user), user);
  client.set_warning_sink([name = std::string(controller)](const std::string& warning) {
    LOG_WARN("warning from the API server", {"controller", name}, {"warning", warning});
  });
  return client;
}

EventRecorder* Manager::RecorderFor(std::string_view controller) {
  MutexLock lock(&mu_);
  auto& recorder = recorders_[std::string(controller)];
  if (!recorder) {
    recorder = std::make_unique<EventRecorder>(ClientFor(controller), ControllerUser(controller),
                                               options_.clock, options_.random);
  }
  return recorder.get();
}

Informer* Manager::InformerFor(const client::Resource& resource) {
  return InformerOf({resource, /*ownership_only=*/false});
}

Informer* Manager::OwnershipInformerFor(const client::Resource& resource) {
  return InformerOf({resource, /*ownership_only=*/true});
}

Informer* Manager::InformerOf(InformerId id) {
  MutexLock lock(&mu_);
  auto& informer = informers_[id];
  if (!informer) {
    InformerOptions options;
    options.ownership_only = id.ownership_only;
    options.resync = options_.resync;
    informer = std::make_unique<Informer>(ClientFor("informers"), id.resource, options_.clock,
                                          options_.random, options);
    if (started_) informer->Start();
  }
  return informer.get();
}

Informer* Manager::FindInformer(const client::Resource& resource) {
  MutexLock lock(&mu_);
  for (const bool ownership_only : {false, true}) {
    const auto it = informers_.find({resource, ownership_only});
    if (it != informers_.end()) return it->second.get();
  }
  return nullptr;
}

Controller* Manager::Add(std::string name, std::unique_ptr<Reconciler> reconciler,
                         ControllerOptions options) {
  controllers_.push_back(std::make_unique<Controller>(std::move(name), std::move(reconciler),
                                                      options_.clock, options));
  return controllers_.back().get();
}

void Manager::Add(std::unique_ptr<Runnable> runnable) { runnables_.push_back(std::move(runnable)); }

std::shared_ptr<void> Manager::Show(const Controller* controller, std::string of) {
  MutexLock lock(&mu_);
  shown_[controller] = std::move(of);
  return {nullptr, [this, controller](void*) {
            MutexLock end(&mu_);
            shown_.erase(controller);
          }};
}

void Manager::ForEachController(
    const std::function<void(const Controller&, const std::string&)>& fn) const {
  for (const auto& controller : controllers_) fn(*controller, "");
  MutexLock lock(&mu_);
  for (const auto& [controller, of] : shown_) fn(*controller, of);
}

Json Manager::Describe(size_t limit) const {
  Json controllers = Json::array();
  ForEachController([&](const Controller& controller, const std::string& of) {
    const WorkQueue::Report queue = controller.queue().Look(limit);
    Json oldest = Json::array();
    for (const auto& [key, age] : queue.oldest) {
      oldest.push_back({{"key", key.ToString()}, {"seconds", InSeconds(age)}});
    }
    Json failing = Json::array();
    for (const auto& [key, failures] : queue.failing) {
      failing.push_back({{"key", key.ToString()}, {"failures", failures}});
    }
    controllers.push_back({{"name", controller.name()},
                           {"of", of},
                           {"workers", controller.workers()},
                           {"waiting", queue.waiting},
                           {"delayed", queue.delayed},
                           {"processing", queue.processing},
                           {"longestSeconds", InSeconds(queue.longest)},
                           {"oldest", std::move(oldest)},
                           {"failing", std::move(failing)}});
  });
  Json informers = Json::array();
  MutexLock lock(&mu_);
  for (const auto& [id, informer] : informers_) {
    informers.push_back({{"resource", id.resource.plural},
                         {"group", id.resource.group},
                         {"ownersOnly", id.ownership_only},
                         {"synced", informer->HasSynced()},
                         {"revision", informer->lister().revision()},
                         {"objects", informer->lister().size()}});
  }
  return {{"controllers", std::move(controllers)}, {"informers", std::move(informers)}};
}

void Manager::Collect(std::vector<prometheus::MetricFamily>* out) const {
  struct Sums {
    double waiting = 0;
    double unfinished = 0;
    double longest = 0;
  };
  std::map<std::string, Sums> sums;  // several controllers may have one name
  ForEachController([&sums](const Controller& controller, const std::string&) {
    const WorkQueue::Report queue = controller.queue().Look(0);
    Sums& sum = sums[controller.name()];
    sum.waiting += static_cast<double>(queue.waiting);
    sum.unfinished += InSeconds(queue.unfinished);
    sum.longest = std::max(sum.longest, InSeconds(queue.longest));
  });
  std::vector<metrics::Collected::Sample> depth, unfinished, longest;
  for (const auto& [name, sum] : sums) {
    depth.push_back({{name}, sum.waiting});
    unfinished.push_back({{name}, sum.unfinished});
    longest.push_back({{name}, sum.longest});
  }
  const QueueFamilies& families = QueueMetrics();
  families.depth.AppendTo(out, depth);
  families.unfinished.AppendTo(out, unfinished);
  families.longest.AppendTo(out, longest);
}

Status Manager::Start(const Context& ctx) {
  DeclareMetrics();
  collector_ = metrics::AddCollector([this](auto* out) { Collect(out); });
  std::vector<Informer*> informers;
  {
    MutexLock lock(&mu_);
    started_ = true;
    for (auto& [id, informer] : informers_) informers.push_back(informer.get());
  }
  for (Informer* informer : informers) informer->Start();
  for (Informer* informer : informers)
    GANTRY_TRY(informer->WaitForSync(ctx).Wrap("wait for " + informer->resource().plural));
  for (auto& runnable : runnables_) GANTRY_TRY(runnable->Start());
  for (auto& controller : controllers_) controller->Start();
  return OkStatus();
}

void Manager::Stop() {
  collector_.reset();
  for (auto it = controllers_.rbegin(); it != controllers_.rend(); ++it) (*it)->Stop();
  for (auto it = runnables_.rbegin(); it != runnables_.rend(); ++it) (*it)->Stop();
  std::vector<Informer*> informers;
  {
    MutexLock lock(&mu_);
    for (auto& [id, informer] : informers_) informers.push_back(informer.get());
  }
  for (Informer* informer : informers) informer->Stop();
  // Nobody records any more; their destructors write what is left.
  decltype(recorders_) recorders;
  {
    MutexLock lock(&mu_);
    recorders.swap(recorders_);
  }
}

}  // namespace gantry::runtime
