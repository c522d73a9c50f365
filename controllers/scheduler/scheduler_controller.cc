#include "controllers/scheduler/scheduler_controller.h"

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/meta/condition.h"
#include "controllers/runtime/finalizer.h"

namespace gantry::scheduler {

using runtime::EventType;
using runtime::Requeue;

namespace {
constexpr char kScheduled[] = "Scheduled";
constexpr char kIndexUnplaced[] = "unplaced";  // by cluster
}  // namespace

Result<Requeue> SchedulerReconciler::Reconcile(const Context& ctx, const ObjectKey& key) {
  const ObjectPtr container = deps_.containers->Get(key);
  if (!container) return Requeue::Never();
  if (!GetString(container->spec(), "nodeName").empty()) {
    GANTRY_TRY(ClearRefusal(ctx, container));
    return Requeue::Never();
  }
  if (container->deleting()) {
    // It never had a node and left nothing behind.
    GANTRY_TRY(runtime::RemoveFinalizer(ctx, deps_.client, v1::kContainers, *container,
                                        v1::kFinalizerContainer));
    return Requeue::Never();
  }
  return Schedule(ctx, container);
}

Result<Requeue> SchedulerReconciler::Schedule(const Context& ctx, const ObjectPtr& found) {
  const Object& container = *found;
  const Request request = RequestFor(container);
  const Decision decision = Place(request, NodesFor(request));
  if (decision.node.empty()) {
    const bool news = GetString(container.status(), "message") != decision.message;
    runtime::StatusPatch patch(deps_.client, v1::kContainers, found, deps_.clock);
    patch.status()["phase"] = "Pending";
    patch.status()["message"] = decision.message;
    patch.SetCondition(kScheduled, false, "Unschedulable", decision.message);
    patch.SetCondition("Ready", false, "Unschedulable", decision.message);
    if (news)
      deps_.events->Record(container, EventType::kWarning, "FailedScheduling", decision.message);
    // A change of nodes, containers or volumes brings it back.
    return patch.Finish(ctx, Requeue::Never());
  }
  // The resourceVersion makes sure that nobody else placed or deleted it meanwhile.
  const Json bind = {{"metadata", {{"resourceVersion", container.resource_version()}}},
                     {"spec", {{"nodeName", decision.node}}}};
  GANTRY_TRY_SET(Object placed, deps_.client.Patch(ctx, v1::kContainers, container.key(),
                                                   client::PatchType::kMerge, bind));
  deps_.ledger->Assume(placed);
  return Requeue::Never();
}

Status SchedulerReconciler::ClearRefusal(const Context& ctx, const ObjectPtr& container) {
  const Json* refusal = FindCondition(container->status(), kScheduled);
  if (!refusal || GetString(*refusal, "status") != "False") return OkStatus();
  runtime::StatusPatch patch(deps_.client, v1::kContainers, container, deps_.clock);
  if (GetString(container->status(), "message") == GetString(*refusal, "message"))
    patch.status()["message"] = nullptr;
  patch.SetCondition(kScheduled, true, "Placed", "");
  return patch.Flush(ctx);
}

Request SchedulerReconciler::RequestFor(const Object& container) const {
  Request request;
  request.demand = DemandOf(container);
  request.cluster = v1::ContainerSpec::From(container).cluster;
  request.preferred_node = container.annotation(v1::kAnnotationPreferredNode);
  request.avoided_node = container.annotation(v1::kAnnotationAvoidedNode);
  for (const std::string& volume : request.demand.volumes) {
    std::set<std::string> nodes = deps_.ledger->NodesUsing(volume);
    const size_t slash = volume.find('/');
    if (const ObjectPtr v =
            deps_.volumes->Get({volume.substr(0, slash), volume.substr(slash + 1)})) {
      for (std::string& node : GetStrings(v->status(), "nodes")) nodes.insert(std::move(node));
    }
    if (!nodes.empty()) request.data_on[volume] = std::move(nodes);
  }
  return request;
}

std::vector<NodeState> SchedulerReconciler::NodesFor(const Request& request) const {
  std::vector<NodeState> out;
  for (const ObjectPtr& node : deps_.nodes->List()) {
    const v1::NodeSpec spec = v1::NodeSpec::From(*node);
    if (spec.cluster != request.cluster) continue;
    NodeState state;
    state.name = node->name();
    state.ready = IsConditionTrue(node->status(), "Ready");
    state.unschedulable = spec.unschedulable;
    state.deleting = node->deleting();
    if (!request.demand.placement.constraints.empty()) state.facts = v1::NodeFacts(*node);
    const Json& capacity = GetObject(node->status(), "capacity");
    state.cpus = GetDouble(capacity, "cpus");
    state.memory_bytes = GetInt(capacity, "memoryBytes");
    deps_.ledger->Fill(state.name, request.demand.service, &state);
    out.push_back(std::move(state));
  }
  return out;
}

void AddSchedulerController(runtime::Manager* manager) {
  runtime::Informer* containers = manager->InformerFor(v1::kContainers);
  runtime::Informer* nodes = manager->InformerFor(v1::kNodes);
  runtime::Informer* volumes = manager->InformerFor(v1::kVolumes);
  auto ledger = std::make_shared<Ledger>();
  containers->AddHandler([ledger](const ObjectPtr& before, const ObjectPtr& after) {
    ledger->Observe(before, after);
  });
  containers->AddIndex(kIndexUnplaced, [](const Object& o) {
    std::vector<std::string> out;
    if (v1::ContainerSpec spec = v1::ContainerSpec::From(o); spec.node_name.empty())
      out.push_back(spec.cluster);
    return out;
  });
  SchedulerReconciler::Deps deps{manager->ClientFor("scheduler"),
                                 manager->RecorderFor("scheduler"),
                                 &containers->lister(),
                                 &nodes->lister(),
                                 &volumes->lister(),
                                 ledger,
                                 manager->clock()};
  runtime::ControllerOptions options;
  options.workers = 1;
  runtime::Controller* controller =
      manager->Add("scheduler", std::make_unique<SchedulerReconciler>(std::move(deps)), options);

  const runtime::Lister* lister = &containers->lister();
  auto unplaced = [lister](const std::string& cluster) {
    std::vector<ObjectKey> keys;
    for (const ObjectPtr& c : lister->ByIndex(kIndexUnplaced, cluster)) keys.push_back(c->key());
    return keys;
  };
  controller->Watch(containers, runtime::MapSelf());
  // A container that went, or changed what it holds, makes room for those that wait.
  controller->Watch(containers, [unplaced](const ObjectPtr& before, const ObjectPtr& after) {
    if (after || GetString(before->spec(), "nodeName").empty()) return std::vector<ObjectKey>();
    return unplaced(v1::ContainerSpec::From(*before).cluster);
  });
  controller->Watch(nodes, [unplaced](const ObjectPtr& before, const ObjectPtr& after) {
    std::vector<ObjectKey> keys;
    for (const ObjectPtr& node : {before, after}) {
      if (!node) continue;
      for (ObjectKey& key : unplaced(v1::NodeSpec::From(*node).cluster))
        keys.push_back(std::move(key));
    }
    return keys;
  });
  controller->Watch(volumes, [unplaced](const ObjectPtr& before, const ObjectPtr& after) {
    return unplaced(v1::VolumeSpec::From(after ? *after : *before).cluster);
  });
}

}  // namespace gantry::scheduler
