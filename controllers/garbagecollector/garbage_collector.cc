#include "controllers/garbagecollector/garbage_collector.h"

#include <thread>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/base/log.h"
#include "controllers/garbagecollector/blockers.h"
#include "controllers/garbagecollector/collector.h"
#include "controllers/runtime/discovery.h"

namespace gantry::gc {
namespace {

using namespace std::chrono_literals;

constexpr Duration kDiscoverEvery = 5min;
constexpr Duration kDiscoverAfterFailure = 2s;
constexpr Duration kFirstLists = 10s;

// Watches every kind that can be listed, watched and deleted, and feeds the graph. Kinds come and
// go with their CRDs.
class Monitor : public runtime::Runnable {
 public:
  Monitor(runtime::Manager* manager, Graph* graph, KindMap* kinds)
      : manager_(manager),
        client_(manager->ClientFor("garbagecollector")),
        graph_(graph),
        kinds_(kinds),
        ctx_(Context().WithCancel()),
        crds_(manager->InformerFor(v1::kCustomResourceDefinitions)) {}
  ~Monitor() override { Stop(); }

  // Set once, before Start.
  void set_controllers(runtime::Controller* collector, runtime::Controller* reporter) {
    controller_ = collector;
    reporter_ = reporter;
  }

  Status Start() override {
    crds_->AddHandler([this](const ObjectPtr&, const ObjectPtr&) {
      MutexLock lock(&mu_);
      stale_ = true;
      changed_.Signal();
    });
    thread_ = std::thread([this] { Run(); });
    return OkStatus();
  }

  void Stop() override {
    ctx_.Cancel();
    {
      MutexLock lock(&mu_);
      changed_.Signal();
    }
    if (thread_.joinable()) thread_.join();
    for (auto& [resource, informer] : own_) informer->Stop();
  }

 private:
  void Run() {
    while (!ctx_.cancelled()) {
      const Status done = Refresh();
      if (!done.ok() && !ctx_.cancelled())
        LOG_WARN("garbage collector cannot discover kinds", {"error", done.error()});
      const MonoTime until =
          manager_->clock()->Mono() + (done.ok() ? kDiscoverEvery : kDiscoverAfterFailure);
      MutexLock lock(&mu_);
      while (!stale_ && !ctx_.cancelled() && changed_.WaitUntil(&mu_, until)) {
      }
      stale_ = false;
    }
  }

  Status Refresh() {
    GANTRY_TRY_SET(const auto discovered, runtime::DiscoverResources(ctx_, client_));
    std::vector<client::Resource> kinds;
    std::set<client::Resource> wanted;
    for (const runtime::DiscoveredResource& r : discovered) {
      kinds.push_back(r.resource);
      // Events own nothing and are owned by nobody; they come in numbers and go by age.
      if (r.resource == v1::kEvents) continue;
      if (r.verbs.contains("list") && r.verbs.contains("watch") && r.verbs.contains("delete"))
        wanted.insert(r.resource);
    }
    kinds_->Set(std::move(kinds));
    std::vector<runtime::Informer*> fresh;
    for (const client::Resource& resource : wanted) {
      if (!watched_.insert(resource).second) continue;
      fresh.push_back(InformerFor(resource));
      fresh.back()->AddHandler([this, resource](const ObjectPtr& before, const ObjectPtr& after) {
        const std::vector<std::string> concerned = graph_->Observe(resource, before, after);
        for (const std::string& uid : concerned) controller_->Enqueue({"", uid});
        Report(concerned, after);
      });
    }
    Forget(wanted);
    // Bounded: a kind that cannot be listed must not hold up all others.
    const Context limited = ctx_.WithTimeout(kFirstLists);
    for (runtime::Informer* informer : fresh) {
      GANTRY_TRY(informer->WaitForSync(limited).Wrap(informer->resource().plural));
    }
    graph_->set_complete();
    return OkStatus();
  }

  // What waits, or had to wait for what has changed.
  void Report(const std::vector<std::string>& concerned, const ObjectPtr& after) {
    for (const std::string& uid : concerned) {
      const auto node = graph_->Find(uid);
      if (node && node->deleting) reporter_->Enqueue({"", uid});
    }
    if (!after || !after->deleting()) return;
    for (const OwnerReference& owner : after->owner_references()) {
      const auto node = graph_->Find(owner.uid);
      if (node && node->deleting) reporter_->Enqueue({"", owner.uid});
    }
  }

  // The shared informer where controllers have one, else one of our own that keeps owners only.
  runtime::Informer* InformerFor(const client::Resource& resource) {
    if (runtime::Informer* shared = manager_->FindInformer(resource)) return shared;
    runtime::InformerOptions options;
    options.ownership_only = true;
    auto& own = own_[resource];
    own = std::make_unique<runtime::Informer>(client_, resource, manager_->clock(),
                                              manager_->random(), options);
    own->Start();
    return own.get();
  }

  // Kinds that are not served any more: their objects are gone with them.
  void Forget(const std::set<client::Resource>& wanted) {
    for (auto it = own_.begin(); it != own_.end();) {
      if (wanted.contains(it->first)) {
        ++it;
        continue;
      }
      it->second->Stop();
      for (const ObjectPtr& o : it->second->lister().List()) {
        for (const std::string& uid : graph_->Observe(it->first, o, nullptr))
          controller_->Enqueue({"", uid});
      }
      watched_.erase(it->first);
      it = own_.erase(it);
    }
  }

  runtime::Manager* const manager_;
  const client::Client client_;
  Graph* const graph_;
  KindMap* const kinds_;
  const Context ctx_;
  runtime::Informer* const crds_;
  runtime::Controller* controller_ = nullptr;
  runtime::Controller* reporter_ = nullptr;

  // Used by the monitor's thread only, and by Stop after it.
  std::set<client::Resource> watched_;
  std::map<client::Resource, std::unique_ptr<runtime::Informer>> own_;

  Mutex mu_;
  CondVar changed_;
  bool stale_ GUARDED_BY(mu_) = false;
  std::thread thread_;
};

// Keeps what a reconciler reads alive as long as itself.
template <typename Reconciler, typename... Shared>
class Owning : public Reconciler {
 public:
  template <typename... Args>
  explicit Owning(std::tuple<Shared...> shared, Args&&... args)
      : Reconciler(std::forward<Args>(args)...), shared_(std::move(shared)) {}

 private:
  const std::tuple<Shared...> shared_;
};

}  // namespace

void AddGarbageCollector(runtime::Manager* manager, const Options& options) {
  auto graph = std::make_shared<Graph>();
  auto kinds = std::make_shared<KindMap>();
  auto monitor = std::make_unique<Monitor>(manager, graph.get(), kinds.get());
  const client::Client client = manager->ClientFor("garbagecollector");
  using GraphPtr = std::shared_ptr<Graph>;
  using KindsPtr = std::shared_ptr<KindMap>;
  runtime::Controller* const collector = manager->Add(
      "garbagecollector", std::make_unique<Owning<Collector, GraphPtr, KindsPtr>>(
                              std::make_tuple(graph, kinds), client, graph.get(), kinds.get()));
  runtime::Controller* const reporter =
      manager->Add("deletionblockers", std::make_unique<Owning<BlockerReporter, GraphPtr>>(
                                           std::make_tuple(graph), client, graph.get(),
                                           manager->RecorderFor("garbagecollector"),
                                           manager->clock(), options.patience));
  monitor->set_controllers(collector, reporter);
  manager->Add(std::move(monitor));
}

void AddGarbageCollector(runtime::Manager* manager) { AddGarbageCollector(manager, Options()); }

}  // namespace gantry::gc
