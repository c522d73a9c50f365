#include "controllers/container/container_controller.h"

#include "controllers/container/lane.h"

namespace gantry::container {
namespace {

// The lanes of all hosts, and the way of a Container to its lane.
class Lanes : public runtime::Runnable {
 public:
  Lanes(runtime::Manager* manager, hosts::HostPool* hosts) : manager_(manager), hosts_(hosts) {
    // Asked for here, so that they have synced before Start.
    for (const auto& kind : {v1::kContainers, v1::kNodes, v1::kVolumes}) manager->InformerFor(kind);
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
    // A lane per Node also where nothing is bound: orphans are found there.
    manager_->InformerFor(v1::kNodes)
        ->AddHandler([this](const ObjectPtr& before, const ObjectPtr& after) {
          if (after) WithLane(std::string(after->name()), [](Lane*) {});
          if (!after) {
            // The Node is gone: what was bound to it is released or marked.
            for (const ObjectPtr& c :
                 manager_->InformerFor(v1::kContainers)->lister().ByNode(before->name()))
              Route(*c);
          }
        });
    manager_->InformerFor(v1::kContainers)
        ->AddHandler([this](const ObjectPtr& before, const ObjectPtr& after) {
          if (after) Route(*after);
        });
    return OkStatus();
  }

  void Stop() override {
    std::map<std::string, std::unique_ptr<Lane>> lanes;
    {
      MutexLock lock(&mu_);
      shared_.reset();
      lanes.swap(lanes_);
    }
  }

 private:
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

  runtime::Manager* const manager_;
  hosts::HostPool* const hosts_;
  Mutex mu_;
  std::optional<Lane::Shared> shared_ GUARDED_BY(mu_);  // empty before Start and after Stop
  std::map<std::string, std::unique_ptr<Lane>> lanes_ GUARDED_BY(mu_);
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
