#include "controllers/assembly/assembly.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "controllers/application/application_controller.h"
#include "controllers/cluster/cluster_controller.h"
#include "controllers/container/container_controller.h"
#include "controllers/container/node_streams.h"
#include "controllers/garbagecollector/garbage_collector.h"
#include "controllers/namespace/namespace_controller.h"
#include "controllers/node/node_controller.h"
#include "controllers/resourcequota/quota_controller.h"
#include "controllers/scheduler/scheduler_controller.h"
#include "controllers/service/service_controller.h"
#include "controllers/volume/volume_controller.h"

namespace gantry::assembly {
namespace {

struct Entry {
  const char* name;
  void (*add)(runtime::Manager*, hosts::HostPool*);
};

// For controllers that do not touch hosts.
template <void (*kAdd)(runtime::Manager*)>
void WithoutHosts(runtime::Manager* manager, hosts::HostPool*) {
  kAdd(manager);
}

// Every controller, by name.
constexpr Entry kControllers[] = {
    {"namespace", WithoutHosts<ns::AddNamespaceController>},
    {"garbagecollector", WithoutHosts<gc::AddGarbageCollector>},
    {"cluster", WithoutHosts<cluster::AddClusterController>},
    {"node", node::AddNodeController},
    {"scheduler", WithoutHosts<scheduler::AddSchedulerController>},
    {"container", container::AddContainerController},
    {"volume", volume::AddVolumeController},
    {"resourcequota", WithoutHosts<quota::AddQuotaController>},
    {"service", WithoutHosts<service::AddServiceController>},
    {"application", WithoutHosts<application::AddApplicationController>},
};

class ControllerSetImpl : public ControllerSet {
 public:
  explicit ControllerSetImpl(const Options& options)
      : manager_(ManagerOptions(options)),
        hosts_(manager_.ClientFor("node"), &manager_.InformerFor(v1::kNodes)->lister(),
               docker::NewEngine) {
    const auto wanted = [&](std::string_view name) {
      return options.only.empty() ||
             std::find(options.only.begin(), options.only.end(), name) != options.only.end();
    };
    for (const Entry& entry : kControllers) {
      if (wanted(entry.name)) entry.add(&manager_, &hosts_);
    }
    if (wanted("container")) streams_ = container::MakeNodeStreams(&manager_, &hosts_);
  }
  ~ControllerSetImpl() override { Stop(); }

  Status Start(const Context& ctx) override { return manager_.Start(ctx); }
  void Stop() override { manager_.Stop(); }
  std::shared_ptr<nodeproxy::NodeStreams> streams() override { return streams_; }
  Json Describe(size_t limit) const override {
    Json described = manager_.Describe(limit);
    described["engines"] = hosts_.Describe(limit);
    return described;
  }

 private:
  static runtime::Manager::Options ManagerOptions(const Options& options) {
    runtime::Manager::Options out;
    out.transport = options.transport;
    return out;
  }

  runtime::Manager manager_;
  hosts::HostPool hosts_;
  std::shared_ptr<nodeproxy::NodeStreams> streams_;
};

}  // namespace

std::vector<std::string> ControllerNames() {
  std::vector<std::string> names;
  for (const Entry& entry : kControllers) names.emplace_back(entry.name);
  return names;
}

Result<std::unique_ptr<ControllerSet>> ControllerSet::Create(Options options) {
  const std::vector<std::string> names = ControllerNames();
  for (const std::string& name : options.only) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return Error(Code::kBadRequest, fmt::format("there is no controller '{}'; there are {}", name,
                                                  fmt::join(names, ", ")));
    }
  }
  return std::unique_ptr<ControllerSet>(std::make_unique<ControllerSetImpl>(options));
}

}  // namespace gantry::assembly
