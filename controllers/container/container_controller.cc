#include "controllers/container/container_controller.h"

#include "controllers/container/lane.h"

namespace gantry::container {
namespace {

// Only the status differs: our own report of what the engine said. It brings nothing new, and
// looking again at a host after each report would cost more than the report.
bool OnlyStatusChanged(const Object& before, const Object& after) {
  if (before.resource_version() == after.resource_version()) return false;  // a resync
  Json a = before.meta(), b = after.meta();
  a.erase("resourceVersion");
  b.erase("resourceVersion");
  return a == b && before.spec() == after.spec();
}

// The lanes of all hosts, and the way of a Container to its lane.
class Lanes : public runtime::Runnable {
 public:
  // Asks for its informers here, so that they have synced before Start.
  Lanes(runtime::Manager* manager, hosts::HostPool* hosts)
      : manager_(manager),
        hosts_(hosts),
        nodes_(manager->InformerFor(v1::kNodes)),
        containers_(manager->InformerFor(v1::kContainers)) {
    manager->InformerFor(v1::kVolumes);
  }

  Status Start() override {
    GANTRY_TRY_SET(const std::string installation,
                   InstallationId(Context().WithTimeout(std::chrono::seconds(10)),
                                  manager_->ClientFor("container")));
    {
      MutexLock lock(&mu_);
      shared_.emplace(Lane::Shared{
          manager_, hosts_, std::make_shared<ContainerReconciler>(manager_, hosts_, installation),
          installation});
    }
    reaper_ = std::thread([this] { EndIdleLanes(); });
    nodes_->AddHandler([this](const ObjectPtr& before, const ObjectPtr& after) {
      const std::string node((after ? after : before)->name());
      if (after) {
        // A lane per Node also where nothing is bound: orphans are found there.
        WithLane(node, [](Lane* lane) { lane->NodeChanged(); });
        return;
      }
      // The Node is gone: what was bound to it is released or marked.
      for (const ObjectPtr& c : containers_->lister().ByNode(node)) Route(*c);
      RetireIfIdle(node);
    });
    containers_->AddHandler([this](const ObjectPtr& before, const ObjectPtr& after) {
      if (after) {
        if (!before || !OnlyStatusChanged(*before, *after)) Route(*after);
      } else {
        RetireIfIdle(GetString(before->spec(), "nodeName"));
      }
    });
    return OkStatus();
  }

  void Stop() override {
    LaneMap lanes;
    std::vector<std::unique_ptr<Lane>> retired;
    {
      MutexLock lock(&mu_);
      shared_.reset();
      lanes.swap(lanes_);
      retired.swap(retired_);
      changed_.SignalAll();
    }
    if (reaper_.joinable()) reaper_.join();
  }

 private:
  using LaneMap = std::map<std::string, std::unique_ptr<Lane>>;

  void Route(const Object& container) {
    const std::string node = GetString(container.spec(), "nodeName");
    if (!node.empty()) WithLane(node, [&](Lane* lane) { lane->Enqueue(container.key()); });
  }

  template <typename Fn>
  void WithLane(const std::string& node, Fn fn) {
    MutexLock lock(&mu_);
    if (!shared_) return;  // stopped
    std::unique_ptr<Lane>& lane = lanes_[node];
    if (!lane) lane = std::make_unique<Lane>(*shared_, node);
    fn(lane.get());
  }

  // Called after the Node or a Container of it went: the later of them finds neither.
  void RetireIfIdle(const std::string& node) {
    MutexLock lock(&mu_);
    const auto it = lanes_.find(node);
    if (it == lanes_.end() || hosts_->NodeExists(node) ||
        !containers_->lister().ByNode(node).empty())
      return;
    retired_.push_back(std::move(it->second));
    lanes_.erase(it);
    changed_.SignalAll();
  }

  // Ending a lane waits for what it does, which no informer's thread should.
  void EndIdleLanes() {
    while (true) {
      std::vector<std::unique_ptr<Lane>> ending;
      MutexLock lock(&mu_);
      while (shared_ && retired_.empty()) changed_.Wait(&mu_);
      if (!shared_) return;
      ending.swap(retired_);
    }
  }

  runtime::Manager* const manager_;
  hosts::HostPool* const hosts_;
  runtime::Informer* const nodes_;
  runtime::Informer* const containers_;
  std::thread reaper_;
  Mutex mu_;
  CondVar changed_;
  std::optional<Lane::Shared> shared_ GUARDED_BY(mu_);  // empty before Start and after Stop
  LaneMap lanes_ GUARDED_BY(mu_);
  std::vector<std::unique_ptr<Lane>> retired_ GUARDED_BY(mu_);  // for the reaper
};

}  // namespace

Result<std::string> InstallationId(const Context& ctx, const client::Client& client) {
  GANTRY_TRY_SET(const Object ns, client.Get(ctx, v1::kNamespaces, {"", v1::kSystemNamespace}));
  return std::string(ns.uid());
}

void AddContainerController(runtime::Manager* manager, hosts::HostPool* hosts) {
  manager->Add(std::make_unique<Lanes>(manager, hosts));
}

}  // namespace gantry::container
