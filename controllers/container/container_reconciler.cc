#include "controllers/container/container_reconciler.h"

#include <algorithm>

#include "controllers/container/engine_config.h"
#include "controllers/container/host_paths.h"
#include "controllers/container/labels.h"
#include "controllers/runtime/finalizer.h"

namespace gantry::container {
namespace {

using namespace std::chrono_literals;

// Steps of one reconcile: create, then start, then look at it; one more for a container in the way.
constexpr int kMaxSteps = 4;

// The condition that remembers, by our clock, since when the present process has been seen running.
constexpr char kConditionRunning[] = "Running";

Wanted WantedOf(const Object& container, const Json& status) {
  Wanted want;
  want.deleting = container.deleting();
  want.spec = v1::ContainerSpec::From(container);
  want.spec_hash = SpecHash(container);
  want.phase = GetString(status, "phase");
  want.container_id = GetString(status, "containerID");
  want.restart_count = static_cast<int>(GetInt(status, "restartCount"));
  want.started_at = GetString(status, "startedAt");
  if (const Json* running = FindCondition(status, kConditionRunning)) {
    const auto since = ParseTime(GetString(*running, "lastTransitionTime"));
    const bool runs = GetString(*running, "status") == "True";
    if (since.ok()) (runs ? want.running_since : want.stopped_since) = *since;
  }
  return want;
}

// Whether an answer to create or start may mean that something it needs is not there, or, a
// network, there twice, which engines call a bad request.
bool LacksResources(Code code) { return code == Code::kNotFound || code == Code::kBadRequest; }

// Whether a failed start says that something has a thing which may come free again; another
// container would not get it sooner.
bool IsHeldByOthers(const std::string& message) {
  return message.find("port is already allocated") != std::string::npos ||
         message.find("address already in use") != std::string::npos;
}

// The engine's time without its nanoseconds, as metav1.Time.
std::string WholeSeconds(const std::string& engine_time) {
  const auto t = ParseTime(engine_time);
  return t.ok() ? FormatTime(*t) : std::string();
}

Json PortsOf(const docker::ContainerDetails& c) {
  Json ports = Json::array();
  for (const docker::PortBinding& p : c.ports) {
    if (!p.host_port) continue;
    // One entry for IPv4 and IPv6 of the same binding.
    const bool repeated = std::any_of(ports.begin(), ports.end(), [&](const Json& have) {
      return have["containerPort"] == p.container_port && have["hostPort"] == *p.host_port &&
             have["protocol"] == p.protocol;
    });
    if (repeated) continue;
    Json port = {
        {"containerPort", p.container_port}, {"hostPort", *p.host_port}, {"protocol", p.protocol}};
    if (!p.host_ip.empty()) port["hostIP"] = p.host_ip;
    ports.push_back(std::move(port));
  }
  return ports;
}

}  // namespace

ContainerReconciler::ContainerReconciler(runtime::Manager* manager, hosts::HostPool* hosts,
                                         std::string installation)
    : client_(manager->ClientFor("container")),
      recorder_(manager->RecorderFor("container")),
      containers_(manager->InformerFor(v1::kContainers)->lister()),
      nodes_(manager->InformerFor(v1::kNodes)->lister()),
      hosts_(hosts),
      resources_(manager),
      images_(manager),
      clock_(manager->clock()),
      random_(manager->random()),
      installation_(std::move(installation)) {}

Result<runtime::Requeue> ContainerReconciler::Reconcile(const Context& ctx, const ObjectKey& key) {
  ObjectPtr container = containers_.Get(key);
  if (!container) return runtime::Requeue::Never();
  const std::string node = GetString(container->spec(), "nodeName");
  if (node.empty()) return runtime::Requeue::Never();
  const bool finalized = container->has_finalizer(v1::kFinalizerContainer);
  if (container->deleting() && !finalized) return runtime::Requeue::Never();

  const auto engine = hosts_->EngineOf(ctx, node);
  if (!engine.ok() && engine.code() == Code::kNotFound && !hosts_->NodeExists(node)) {
    if (container->deleting()) return Release(ctx, *container);
    runtime::StatusPatch patch(client_, v1::kContainers, container, clock_);
    patch.status()["phase"] = "Unknown";
    patch.status()["ready"] = false;
    patch.status()["message"] = engine.error().message;
    patch.SetUnknown("Ready", "NodeGone", engine.error().message);
    return patch.Finish(ctx, runtime::Requeue::Never());
  }

  if (!finalized) {
    GANTRY_TRY_SET(Object updated, runtime::AddFinalizer(ctx, client_, v1::kContainers, *container,
                                                         v1::kFinalizerContainer));
    container = std::make_shared<const Object>(std::move(updated));
  }
  runtime::StatusPatch patch(client_, v1::kContainers, container, clock_);
  Result<runtime::Requeue> result = [&]() -> Result<runtime::Requeue> {
    if (!engine.ok()) return engine.error();
    if (container->deleting()) return Finalize(ctx, engine->get(), *container);
    return Converge(ctx, engine->get(), *container, &patch);
  }();
  if (!result.ok()) WriteFailure(*container, result.error(), &patch);
  if (result.ok() && container->deleting()) return result;  // its status went with the finalizer
  return patch.Finish(ctx, std::move(result));
}

Result<runtime::Requeue> ContainerReconciler::Release(const Context& ctx, const Object& container) {
  recorder_->Record(container, runtime::EventType::kWarning, "NodeGone",
                    "the node was deleted; whatever still runs there is left alone");
  GANTRY_TRY(
      runtime::RemoveFinalizer(ctx, client_, v1::kContainers, container, v1::kFinalizerContainer));
  return runtime::Requeue::Never();
}

Result<Observed> ContainerReconciler::Observe(const Context& ctx, docker::Engine* engine,
                                              const Object& container,
                                              const std::string& known_id) const {
  if (!known_id.empty()) {
    auto details = engine->InspectContainer(ctx, known_id);
    if (details.ok()) return Observed{std::move(*details)};
    if (details.code() != Code::kNotFound) return details.error();
  }
  GANTRY_TRY_SET(const auto listed,
                 engine->ListContainers(ctx, FilterFor(installation_, container.uid())));
  Observed observed;
  for (const docker::ContainerSummary& summary : listed) {
    auto details = engine->InspectContainer(ctx, summary.id);
    if (!details.ok() && details.code() == Code::kNotFound) continue;  // gone meanwhile
    if (!details.ok()) return details.error();
    observed.push_back(std::move(*details));
  }
  return observed;
}

Result<runtime::Requeue> ContainerReconciler::Finalize(const Context& ctx, docker::Engine* engine,
                                                       const Object& container) {
  GANTRY_TRY_SET(const Observed observed, Observe(ctx, engine, container, ""));
  const Wanted want = WantedOf(container, container.status());
  const Plan plan = MakePlan(want, observed, clock_->Now());
  GANTRY_TRY(RemoveAll(ctx, engine, plan.remove, want.spec.tmpl.stop_grace_period_seconds));
  GANTRY_TRY(resources_.RemoveNetworkIfUnused(ctx, engine, installation_, container));
  GANTRY_TRY(
      runtime::RemoveFinalizer(ctx, client_, v1::kContainers, container, v1::kFinalizerContainer));
  return runtime::Requeue::Never();
}

Result<runtime::Requeue> ContainerReconciler::Converge(const Context& ctx, docker::Engine* engine,
                                                       const Object& container,
                                                       runtime::StatusPatch* patch) {
  const std::string asked(container.annotation(v1::kAnnotationRedeployedAt));
  if (!asked.empty() &&
      GetString(GetObject(patch->status(), "imageCheck"), "requestedAt") != asked) {
    GANTRY_TRY_SET(
        patch->status()["imageCheck"],
        images_.Check(ctx, engine, container, v1::ContainerSpec::From(container).tmpl, asked));
  }
  std::string id;  // of the container that the last step left behind, alone
  for (int step = 0; step < kMaxSteps; ++step) {
    GANTRY_TRY_SET(const Observed observed, Observe(ctx, engine, container, id));
    const Wanted want = WantedOf(container, patch->status());
    const Plan plan = MakePlan(want, observed, clock_->Now());
    WriteImageDigest(ctx, engine, plan, patch);
    WriteStatus(want, plan, container, patch);
    if (plan.remove.empty() && plan.step == Plan::Step::kNone) return plan.requeue;
    Result<std::string> executed = Execute(ctx, engine, container, want, plan);
    if (!executed.ok()) {
      // What failed was no restart: it is counted when it succeeds.
      patch->status()["restartCount"] = want.restart_count;
      return executed.error();
    }
    id = std::move(*executed);
  }
  return runtime::Requeue::After(1s);
}

Result<std::string> ContainerReconciler::Execute(const Context& ctx, docker::Engine* engine,
                                                 const Object& container, const Wanted& want,
                                                 const Plan& plan) {
  GANTRY_TRY(RemoveAll(ctx, engine, plan.remove, want.spec.tmpl.stop_grace_period_seconds));
  switch (plan.step) {
    case Plan::Step::kNone: break;
    case Plan::Step::kCreate: return Create(ctx, engine, container, want.spec.tmpl);
    case Plan::Step::kStart:
      GANTRY_TRY(StartThere(ctx, engine, container, plan.step_id, plan.current->state.error));
      return plan.step_id;
    case Plan::Step::kStop:
      GANTRY_TRY(engine
                     ->StopContainer(ctx, plan.step_id,
                                     std::chrono::seconds(want.spec.tmpl.stop_grace_period_seconds))
                     .Wrap("stop"));
      return plan.step_id;
  }
  return std::string();
}

Result<std::string> ContainerReconciler::Create(const Context& ctx, docker::Engine* engine,
                                                const Object& container,
                                                const v1::ContainerTemplate& tmpl) {
  GANTRY_TRY_SET(std::vector<std::string> env, resources_.ResolveEnv(ctx, container, tmpl));
  GANTRY_TRY(resources_.EnsureVolumes(ctx, engine, installation_, container, tmpl));
  GANTRY_TRY(resources_.EnsureNetwork(ctx, engine, installation_, container));
  docker::ContainerConfig config = MakeEngineConfig(installation_, container, tmpl, std::move(env));
  GANTRY_TRY_SET(config.image, images_.Ensure(ctx, engine, container, tmpl));
  GANTRY_TRY(FollowLinks(ctx, client_, nodes_, container, &config));
  Result<std::string> id = CreateNamed(ctx, engine, config, container);
  if (!id.ok() && LacksResources(id.code())) {
    // The image went meanwhile, or the network was removed by hand.
    GANTRY_TRY_SET(config.image, images_.Ensure(ctx, engine, container, tmpl));
    resources_.ForgetNetwork(container);
    GANTRY_TRY(resources_.EnsureNetwork(ctx, engine, installation_, container));
    id = CreateNamed(ctx, engine, config, container);
  }
  if (!id.ok()) return id.error().Wrap("create");
  recorder_->Record(container, runtime::EventType::kNormal, "Created",
                    fmt::format("created container {}", config.name));
  GANTRY_TRY(StartThere(ctx, engine, container, *id, /*earlier_failure=*/""));
  return id;
}

Status ContainerReconciler::StartThere(const Context& ctx, docker::Engine* engine,
                                       const Object& container, const std::string& id,
                                       const std::string& earlier_failure) {
  Status started = engine->StartContainer(ctx, id);
  if (!started.ok() && started.code() == Code::kInternal && !earlier_failure.empty() &&
      !IsHeldByOthers(started.error().message)) {
    // The engine cannot, for the second time: an engine that ended in the middle of a start may
    // leave files, mounts or endpoints that are in the way of this container for good.
    recorder_->Record(container, runtime::EventType::kWarning, "Replaced",
                      "does not start any more and is made anew: " + started.error().message);
    GANTRY_TRY(engine->RemoveContainer(ctx, id, /*force=*/true).Wrap("remove"));
  }
  if (started.ok() || !LacksResources(started.code())) return std::move(started).Wrap("start");
  // An older engine attaches networks at the start: the network may be missing only now. A
  // container that has only been created does not keep it from being removed, either.
  resources_.ForgetNetwork(container);
  GANTRY_TRY(resources_.EnsureNetwork(ctx, engine, installation_, container));
  started = engine->StartContainer(ctx, id);
  if (!started.ok() && started.code() == Code::kNotFound) {
    // It refers to something that is gone for good, such as an earlier network by its id.
    GANTRY_TRY(engine->RemoveContainer(ctx, id, /*force=*/true).Wrap("remove"));
  }
  return std::move(started).Wrap("start");
}

Result<std::string> ContainerReconciler::CreateNamed(const Context& ctx, docker::Engine* engine,
                                                     docker::ContainerConfig config,
                                                     const Object& container) {
  Result<std::string> id = engine->CreateContainer(ctx, config);
  if (id.ok() || id.code() != Code::kConflict) return id;
  const auto holder = engine->InspectContainer(ctx, config.name);
  if (holder.ok()) {
    const auto uid = holder->labels.find(kEngineUid);
    // Made by an earlier try whose answer was lost.
    if (uid != holder->labels.end() && uid->second == container.uid()) return holder->id;
  }
  // Somebody else's, or a name that the engine has not let go of.
  const std::string wanted = config.name;
  config.name += "_" + RandomSuffix(random_, 4);
  recorder_->Record(container, runtime::EventType::kWarning, "NameTaken",
                    fmt::format("the name {} is taken on the host; using {}", wanted, config.name));
  return engine->CreateContainer(ctx, config);
}

Status ContainerReconciler::RemoveAll(const Context& ctx, docker::Engine* engine,
                                      const std::vector<std::string>& ids, int grace_seconds) {
  for (const std::string& id : ids) {
    const Status stopped = engine->StopContainer(ctx, id, std::chrono::seconds(grace_seconds));
    if (!stopped.ok() && stopped.code() != Code::kNotFound) return stopped.error().Wrap("stop");
    const Status removed = engine->RemoveContainer(ctx, id, /*force=*/true);
    if (!removed.ok() && removed.code() != Code::kNotFound) return removed.error().Wrap("remove");
  }
  return OkStatus();
}

void ContainerReconciler::WriteImageDigest(const Context& ctx, docker::Engine* engine,
                                           const Plan& plan, runtime::StatusPatch* patch) const {
  if (!plan.current || GetString(patch->status(), "imageID") == plan.current->image_id) return;
  const auto image = engine->InspectImage(ctx, plan.current->image_id);
  const std::string identity = image.ok() ? IdentityOf(plan.current->image, *image) : "";
  const size_t at = identity.find('@');
  // An image that came without a registry has none.
  if (at == std::string::npos) {
    patch->status()["imageDigest"] = nullptr;
  } else {
    patch->status()["imageDigest"] = identity.substr(at + 1);
  }
}

void ContainerReconciler::WriteStatus(const Wanted& want, const Plan& plan, const Object& container,
                                      runtime::StatusPatch* patch) const {
  Json& status = patch->status();
  status["phase"] = plan.phase;
  status["ready"] = plan.ready;
  status["restartCount"] = plan.restart_count;
  if (plan.message.empty()) {
    status["message"] = nullptr;
  } else {
    status["message"] = plan.message;
  }
  if (plan.current) {
    const docker::ContainerDetails& c = *plan.current;
    const std::string started = WholeSeconds(c.state.started_at);
    if (GetString(status, "startedAt") != started) patch->RemoveCondition(kConditionRunning);
    status["containerID"] = c.id;
    status["containerName"] = c.name;
    status["imageID"] = c.image_id;
    status["health"] = c.state.health.empty() ? "none" : c.state.health;
    if (!started.empty()) status["startedAt"] = started;
    const auto network = c.networks.begin();
    if (network != c.networks.end() && !network->second.ip.empty())
      status["ip"] = network->second.ip;
    if (const ObjectPtr node = nodes_.Get({"", want.spec.node_name}))
      status["hostIP"] = hosts::AddressOf(v1::NodeSpec::From(*node));
    status["ports"] = PortsOf(c);
    const std::string finished = WholeSeconds(c.state.finished_at);
    // The engine calls a container that it is about to start again running, too.
    const bool ended = c.state.status == "exited" || c.state.status == "restarting";
    if (ended && !finished.empty()) {
      status["lastTermination"] = {{"exitCode", c.state.exit_code},
                                   {"reason", c.state.oom_killed       ? "OOMKilled"
                                              : c.state.exit_code == 0 ? "Completed"
                                                                       : "Error"},
                                   {"finishedAt", finished}};
    }
  }
  patch->SetCondition(kConditionRunning, plan.running, plan.running ? "Running" : "NotRunning", "");
  patch->SetCondition("Ready", plan.ready, plan.reason, plan.message);
}

void ContainerReconciler::WriteFailure(const Object& container, const Error& error,
                                       runtime::StatusPatch* patch) {
  if (error.code == Code::kCancelled || container.deleting()) return;
  Json& status = patch->status();
  status["ready"] = false;
  status["message"] = error.message;
  if (error.code == Code::kUnavailable || error.code == Code::kTimeout) {
    status["phase"] = "Unknown";
    patch->SetUnknown("Ready", "NodeUnreachable", error.message);
    return;
  }
  if (GetString(status, "phase").empty()) status["phase"] = "Creating";
  const std::string image = ImageFailure(error);
  patch->SetCondition("Ready", false, image.empty() ? "EngineRefused" : image, error.message);
  recorder_->Record(container, runtime::EventType::kWarning, "Failed", error.message);
}

}  // namespace gantry::container
