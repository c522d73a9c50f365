#include "controllers/node/node_controller.h"

#include "controllers/runtime/status_patch.h"

namespace gantry::node {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPollEvery = 5s;
constexpr Duration kProbeLimit = 5s;
constexpr Duration kHeartbeatEvery = 5min;

class NodeReconciler : public runtime::Reconciler {
 public:
  NodeReconciler(runtime::Manager* manager, hosts::HostPool* hosts)
      : client_(manager->ClientFor("node")),
        recorder_(manager->RecorderFor("node")),
        nodes_(manager->InformerFor(v1::kNodes)->lister()),
        containers_(manager->InformerFor(v1::kContainers)->lister()),
        hosts_(hosts),
        clock_(manager->clock()) {}

  Result<runtime::Requeue> Reconcile(const Context& ctx, const ObjectKey& key) override {
    const ObjectPtr object = nodes_.Get(key);
    if (!object) {
      hosts_->Drop(key.name);
      return runtime::Requeue::Never();
    }
    runtime::StatusPatch patch(client_, v1::kNodes, object, clock_);
    return patch.Finish(ctx, Observe(ctx, *object, &patch));
  }

 private:
  Result<runtime::Requeue> Observe(const Context& ctx, const Object& node,
                                   runtime::StatusPatch* patch) {
    patch->status()["addresses"] = Json::array({hosts::AddressOf(v1::NodeSpec::From(node))});
    patch->status()["containers"] = containers_.ByNode(node.name()).size();
    const auto engine = hosts_->EngineOf(ctx, std::string(node.name()), /*refresh=*/true);
    if (!engine.ok()) {
      SetReady(node, patch, false, kReasonInvalid, engine.error().message);
      return runtime::Requeue::After(kPollEvery);
    }
    const Status probed = Probe(ctx.WithTimeout(kProbeLimit), engine->get(), patch);
    if (probed.ok()) {
      SetReady(node, patch, true, kReasonReady, "the engine answers");
    } else {
      SetReady(node, patch, false, kReasonUnreachable, probed.error().message);
    }
    return runtime::Requeue::After(kPollEvery);
  }

  Status Probe(const Context& ctx, docker::Engine* engine, runtime::StatusPatch* patch) {
    GANTRY_TRY(engine->Ping(ctx));
    GANTRY_TRY_SET(const docker::EngineInfo info, engine->Info(ctx));
    Json& status = patch->status();
    status["engineID"] = info.id;
    status["engineVersion"] = info.version;
    status["apiVersion"] = engine->api_version();
    status["os"] = info.operating_system;
    status["architecture"] = info.architecture;
    status["kernel"] = info.kernel_version;
    status["hostname"] = info.name;
    status["capacity"] = {{"cpus", info.cpus}, {"memoryBytes", info.memory_bytes}};
    status["images"] = info.images;
    Beat(&status);
    return OkStatus();
  }

  // Moves the heartbeat only when it is old: an idle node costs no writes.
  void Beat(Json* status) const {
    const auto last = ParseTime(GetString(*status, "lastHeartbeatTime"));
    const WallTime now = clock_->Now();
    if (last.ok() && now >= *last && Between(*last, now) < kHeartbeatEvery) return;
    (*status)["lastHeartbeatTime"] = FormatTime(now);
  }

  void SetReady(const Object& node, runtime::StatusPatch* patch, bool ready, const char* reason,
                const std::string& message) {
    const bool was = IsConditionTrue(node.status(), "Ready");
    const bool known = FindCondition(node.status(), "Ready") != nullptr;
    const std::string phase = ready ? "Ready" : "NotReady";
    const bool cordoned = v1::NodeSpec::From(node).unschedulable;
    patch->status()["phase"] = phase;
    patch->status()["summary"] = phase + (cordoned ? ",SchedulingDisabled" : "");
    patch->SetCondition("Ready", ready, reason, message);
    if (known && was == ready) return;
    if (ready) {
      recorder_->Record(node, runtime::EventType::kNormal, "NodeReady", message);
    } else {
      recorder_->Record(node, runtime::EventType::kWarning, "NodeNotReady", message);
    }
  }

  const client::Client client_;
  runtime::EventRecorder* const recorder_;
  const runtime::Lister& nodes_;
  const runtime::Lister& containers_;
  hosts::HostPool* const hosts_;
  Clock* const clock_;
};

}  // namespace

void AddNodeController(runtime::Manager* manager, hosts::HostPool* hosts) {
  // A host that does not answer holds a worker for kProbeLimit at most.
  runtime::ControllerOptions options;
  options.workers = 8;
  runtime::Controller* controller =
      manager->Add("node", std::make_unique<NodeReconciler>(manager, hosts), options);
  controller->Watch(manager->InformerFor(v1::kNodes), runtime::MapSelf());
}

}  // namespace gantry::node
