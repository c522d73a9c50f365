#include "controllers/runtime/manager.h"

#include "apis/machinery/base/log.h"

namespace gantry::runtime {

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

Status Manager::Start(const Context& ctx) {
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
