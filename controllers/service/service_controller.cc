#include "controllers/service/service_controller.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/base/log.h"
#include "apis/machinery/meta/condition.h"
#include "controllers/service/objects.h"
#include "controllers/service/status.h"

namespace gantry::service {

using runtime::EventType;
using runtime::Requeue;

ServiceReconciler::ServiceReconciler(Deps deps)
    : deps_(std::move(deps)), own_containers_(deps_.containers), own_revisions_(deps_.revisions) {}

Result<Requeue> ServiceReconciler::Reconcile(const Context& ctx, const ObjectKey& key) {
  const ObjectPtr service = deps_.services->Get(key);
  if (!service) {
    own_containers_.Forget(key);
    own_revisions_.Forget(key);
    MutexLock lock(&mu_);
    last_seen_.erase(key);
    return Requeue::Never();
  }
  if (service->deleting()) return Requeue::Never();  // its containers go with it, as dependents
  runtime::StatusPatch patch(deps_.client, v1::kServices, service, deps_.clock);
  return patch.Finish(ctx, Sync(ctx, *service, &patch));
}

Result<Requeue> ServiceReconciler::Sync(const Context& ctx, const Object& service,
                                        runtime::StatusPatch* patch) {
  PlanInput input;
  input.service = service.name();
  input.uid = service.uid();
  input.spec = v1::ServiceSpec::From(service);
  GANTRY_TRY_SET(const ObjectPtr revision, EnsureRevision(ctx, service));
  input.revision = revision->name();
  // What runs is the revision's template: another one than the service's while that is paused.
  input.spec.tmpl = v1::ContainerTemplate::From(GetObject(revision->spec(), "template"));
  input.rescheduled = revision->annotation(v1::kAnnotationRescheduledAt);
  input.instances = Observe(service);
  GANTRY_TRY_SET(const Redeployment redeployment,
                 Redeploy(ctx, service, *revision, input.instances, patch));
  input.renew_ended = redeployment == Redeployment::kAnswered;
  input.looking = redeployment == Redeployment::kLooking;
  input.vacancies = VacanciesFrom(service.status());
  RecallVacancies(service.key(), input.instances, &input.vacancies);
  input.started = GetBool(service.status(), "started");
  if (input.spec.mode == "Global") input.nodes = NodesFor(*deps_.nodes, input.spec);
  if (!input.started)
    input.unmet = UnmetDependencies(service.ns(), input.spec, *deps_.services, *deps_.containers);

  const Plan plan = MakePlan(input);
  const Status done = Execute(ctx, service, input.spec, *revision, plan);
  SetServiceStatus(input, plan, done, patch);
  if (IsRefused(done))
    deps_.events->Record(service, EventType::kWarning, "FailedCreate", done.error().message);
  GANTRY_TRY(done);
  GANTRY_TRY(PruneRevisions(ctx, service, input.spec, input.revision, input.instances));
  return Requeue::Never();
}

std::vector<Instance> ServiceReconciler::Observe(const Object& service) {
  std::vector<Instance> out;
  for (const ObjectPtr& c :
       own_containers_.Overlay(service.key(), deps_.containers->ByOwner(service.uid()))) {
    const auto owner = c->controller_owner();
    if (owner && owner->uid == service.uid()) out.push_back(InstanceFrom(*c, deps_.nodes));
  }
  return out;
}

void ServiceReconciler::RecallVacancies(const ObjectKey& service,
                                        const std::vector<Instance>& instances,
                                        std::vector<Vacancy>* vacancies) {
  std::set<int> known;
  for (const Vacancy& v : *vacancies) known.insert(v.slot);
  for (const Instance& i : instances) known.insert(i.slot);
  MutexLock lock(&mu_);
  std::map<int, Vacancy>& seen = last_seen_[service];
  for (const auto& [slot, vacancy] : seen) {
    if (!known.count(slot)) vacancies->push_back(vacancy);
  }
  for (const Instance& i : instances) seen[i.slot] = {i.slot, i.node, i.uid, i.rescheduled};
}

Result<ObjectPtr> ServiceReconciler::EnsureRevision(const Context& ctx, const Object& service) {
  const std::string name = RevisionName(service);
  const std::string current = GetString(service.status(), "currentRevision");
  const bool paused = v1::ServiceSpec::From(service).paused;
  int64_t last = 0;
  ObjectPtr found;
  for (const ObjectPtr& r :
       own_revisions_.Overlay(service.key(), deps_.revisions->ByOwner(service.uid()))) {
    if (r->deleting()) continue;
    if (paused && r->name() == current) return r;
    if (r->name() == name) found = r;
    last = std::max(last, GetInt(r->spec(), "revision"));
  }
  if (found) {
    if (GetInt(found->spec(), "revision") == last) return found;
    // An earlier state is wanted again: it is the newest now.
    GANTRY_TRY_SET(
        Object moved,
        deps_.client.Patch(ctx, v1::kServiceRevisions, found->key(), client::PatchType::kMerge,
                           {{"metadata", {{"resourceVersion", found->resource_version()}}},
                            {"spec", {{"revision", last + 1}}}}));
    own_revisions_.Wrote(service.key(), moved);
    return ObjectPtr(std::make_shared<const Object>(std::move(moved)));
  }
  const Result<Object> made =
      deps_.client.Create(ctx, v1::kServiceRevisions, MakeRevision(service, name, last + 1));
  if (made.ok()) {
    own_revisions_.Wrote(service.key(), *made);
    return ObjectPtr(std::make_shared<const Object>(*made));
  }
  if (made.code() != Code::kAlreadyExists) return made.error().Wrap("create revision " + name);
  GANTRY_TRY_SET(Object have,
                 deps_.client.Get(ctx, v1::kServiceRevisions, {std::string(service.ns()), name}));
  const auto owner = have.controller_owner();
  if (!owner || owner->uid != service.uid())
    return Error(Code::kConflict,
                 fmt::format("revision {} still belongs to another service", name));
  own_revisions_.Wrote(service.key(), have);
  return ObjectPtr(std::make_shared<const Object>(std::move(have)));
}

Status ServiceReconciler::PruneRevisions(const Context& ctx, const Object& service,
                                         const v1::ServiceSpec& spec, const std::string& current,
                                         const std::vector<Instance>& instances) {
  std::set<std::string> used{current};
  for (const Instance& i : instances) used.insert(i.revision);
  std::vector<ObjectPtr> old;
  for (const ObjectPtr& r :
       own_revisions_.Overlay(service.key(), deps_.revisions->ByOwner(service.uid()))) {
    if (!used.count(std::string(r->name())) && !r->deleting()) old.push_back(r);
  }
  const size_t limit = static_cast<size_t>(std::max(0, spec.revision_history_limit));
  if (old.size() <= limit) return OkStatus();
  std::sort(old.begin(), old.end(), [](const ObjectPtr& a, const ObjectPtr& b) {
    return GetInt(a->spec(), "revision") < GetInt(b->spec(), "revision");
  });
  old.resize(old.size() - limit);
  for (const ObjectPtr& r : old) {
    client::DeleteOptions options;
    options.uid = r->uid();
    const Result<Object> gone = deps_.client.Delete(ctx, v1::kServiceRevisions, r->key(), options);
    if (!gone.ok() && gone.code() != Code::kNotFound)
      return gone.error().Wrap("delete revision " + std::string(r->name()));
    own_revisions_.Deleted(service.key(), *r, gone.ok() ? *gone : Object());
  }
  return OkStatus();
}

Status ServiceReconciler::Execute(const Context& ctx, const Object& service,
                                  const v1::ServiceSpec& spec, const Object& revision,
                                  const Plan& plan) {
  std::vector<std::string> deleted, created;
  for (const Switch& s : plan.switches) GANTRY_TRY(SwitchContainer(ctx, service, s));
  for (const Delete& d : plan.deletes) {
    const ObjectKey key{std::string(service.ns()), d.name};
    client::DeleteOptions options;
    options.uid = d.uid;
    const Result<Object> gone = deps_.client.Delete(ctx, v1::kContainers, key, options);
    // Another object under the name (a conflict with the uid) means that this one is gone too.
    if (!gone.ok() && gone.code() != Code::kNotFound && gone.code() != Code::kConflict)
      return gone.error().Wrap("delete container " + d.name);
    Object was(v1::kContainers.gvk(), key);
    was.Meta()["uid"] = d.uid;
    if (const ObjectPtr cached = deps_.containers->Get(key); cached && cached->uid() == d.uid)
      was.set_resource_version(cached->resource_version());
    own_containers_.Deleted(service.key(), was, gone.ok() ? *gone : Object());
    if (gone.ok()) deleted.push_back(d.name + " (" + d.why + ")");
  }
  for (const Create& c : plan.creates) {
    GANTRY_TRY(CreateContainer(ctx, service, MakeContainer(service, spec, revision, c)));
    created.push_back(c.name);
  }
  if (!deleted.empty())
    deps_.events->Record(service, EventType::kNormal, "ContainersDeleted",
                         fmt::format("deleted {}", fmt::join(deleted, ", ")));
  if (!created.empty())
    deps_.events->Record(service, EventType::kNormal, "ContainersCreated",
                         fmt::format("created {}", fmt::join(created, ", ")));
  return OkStatus();
}

Status ServiceReconciler::SwitchContainer(const Context& ctx, const Object& service,
                                          const Switch& change) {
  const ObjectKey key{std::string(service.ns()), change.name};
  const Json stopped = change.stop ? Json(true) : Json(nullptr);
  const Result<Object> done = deps_.client.Patch(
      ctx, v1::kContainers, key, client::PatchType::kMerge, {{"spec", {{"stopped", stopped}}}});
  if (done.ok()) {
    own_containers_.Wrote(service.key(), *done);
    return OkStatus();
  }
  if (done.code() == Code::kNotFound) return OkStatus();
  return done.error().Wrap("container " + change.name);
}

Status ServiceReconciler::CreateContainer(const Context& ctx, const Object& service,
                                          const Object& container) {
  const Result<Object> made = deps_.client.Create(ctx, v1::kContainers, container);
  if (made.ok()) {
    own_containers_.Wrote(service.key(), *made);
    return OkStatus();
  }
  const std::string what = "create container " + std::string(container.name());
  if (made.code() != Code::kAlreadyExists) return made.error().Wrap(what);
  // Names follow from what the slot had: this very container was made before, and the cache did not
  // show it yet.
  GANTRY_TRY_SET(const Object have, deps_.client.Get(ctx, v1::kContainers, container.key()));
  const auto owner = have.controller_owner();
  if (!owner || owner->uid != service.uid())
    return Error(Code::kConflict, what + ": the name belongs to another object");
  own_containers_.Wrote(service.key(), have);
  return OkStatus();
}

namespace {

constexpr char kIndexDependsOn[] = "dependsOn";

// Services that wait for others are looked at when those change.
void WatchDependencies(runtime::Controller* controller, runtime::Informer* services,
                       runtime::Informer* containers) {
  services->AddIndex(kIndexDependsOn, [](const Object& o) {
    std::vector<std::string> out;
    for (const auto& d : v1::ServiceSpec::From(o).depends_on)
      out.push_back(std::string(o.ns()) + "/" + d.service);
    return out;
  });
  const runtime::Lister* lister = &services->lister();
  auto dependents = [lister](std::string_view ns, std::string_view service) {
    std::vector<ObjectKey> keys;
    const std::string value = std::string(ns) + "/" + std::string(service);
    for (const ObjectPtr& s : lister->ByIndex(kIndexDependsOn, value)) {
      if (!GetBool(s->status(), "started")) keys.push_back(s->key());
    }
    return keys;
  };
  controller->Watch(services, [dependents](const ObjectPtr& before, const ObjectPtr& after) {
    const ObjectPtr& o = after ? after : before;
    return dependents(o->ns(), o->name());
  });
  controller->Watch(containers, [dependents](const ObjectPtr& before, const ObjectPtr& after) {
    const ObjectPtr& o = after ? after : before;
    return dependents(o->ns(), o->label(v1::kLabelService));
  });
}

// Services that a quota held back are looked at when it has room.
void WatchQuotas(runtime::Controller* controller, runtime::Informer* quotas,
                 const runtime::Lister* services) {
  controller->Watch(quotas, [services](const ObjectPtr& before, const ObjectPtr& after) {
    std::vector<ObjectKey> keys;
    for (const ObjectPtr& s : services->InNamespace((after ? after : before)->ns())) {
      if (IsConditionTrue(s->status(), "ReplicaFailure")) keys.push_back(s->key());
    }
    return keys;
  });
}

bool SamePlacementFacts(const Object& a, const Object& b) {
  return a.spec() == b.spec() && a.deleting() == b.deleting() &&
         IsConditionTrue(a.status(), "Ready") == IsConditionTrue(b.status(), "Ready");
}

// Services with a container on a node that changed, and Global ones, which may want one there.
void WatchNodes(runtime::Controller* controller, runtime::Informer* nodes,
                runtime::Informer* services, runtime::Informer* containers) {
  services->AddIndex("global", [](const Object& o) {
    std::vector<std::string> out;
    if (v1::ServiceSpec spec = v1::ServiceSpec::From(o); spec.mode == "Global")
      out.push_back(spec.cluster);
    return out;
  });
  const runtime::Lister* all_services = &services->lister();
  const runtime::Lister* all_containers = &containers->lister();
  controller->Watch(nodes, [=](const ObjectPtr& before, const ObjectPtr& after) {
    std::vector<ObjectKey> keys;
    if (before && after && SamePlacementFacts(*before, *after)) return keys;
    for (const ObjectPtr& node : {before, after}) {
      if (!node) continue;
      for (const ObjectPtr& s : all_services->ByIndex("global", v1::NodeSpec::From(*node).cluster))
        keys.push_back(s->key());
    }
    for (const ObjectPtr& c : all_containers->ByNode((after ? after : before)->name())) {
      if (const auto owner = c->controller_owner())
        keys.push_back({std::string(c->ns()), owner->name});
    }
    return keys;
  });
}

}  // namespace

void AddServiceController(runtime::Manager* manager) {
  runtime::Informer* services = manager->InformerFor(v1::kServices);
  runtime::Informer* revisions = manager->InformerFor(v1::kServiceRevisions);
  runtime::Informer* containers = manager->InformerFor(v1::kContainers);
  runtime::Informer* nodes = manager->InformerFor(v1::kNodes);
  ServiceReconciler::Deps deps{manager->ClientFor("service"),
                               manager->RecorderFor("service"),
                               &services->lister(),
                               &revisions->lister(),
                               &containers->lister(),
                               &nodes->lister(),
                               manager->clock()};
  runtime::Controller* controller =
      manager->Add("service", std::make_unique<ServiceReconciler>(std::move(deps)));
  controller->Watch(services, runtime::MapSelf());
  controller->Watch(revisions, runtime::MapControllerOwner(v1::kServices));
  controller->Watch(containers, runtime::MapControllerOwner(v1::kServices));
  WatchDependencies(controller, services, containers);
  WatchQuotas(controller, manager->InformerFor(v1::kResourceQuotas), &services->lister());
  WatchNodes(controller, nodes, services, containers);
}

}  // namespace gantry::service
