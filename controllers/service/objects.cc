#include "controllers/service/objects.h"

#include <algorithm>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/meta/condition.h"

namespace gantry::service {
namespace {

// Labels and annotations that say what an object belongs to.
void Inherit(const Object& service, Object* object) {
  object->set_label(v1::kLabelService, service.name());
  for (const char* label : {v1::kLabelApplication, v1::kLabelComposeService}) {
    if (const std::string_view value = service.label(label); !value.empty())
      object->set_label(label, value);
  }
  object->set_owner(service.MakeOwnerReference());
}

int WantedReplicas(const v1::ServiceSpec& spec, const Object& service) {
  if (spec.stopped) return 0;
  if (spec.mode == "Global") return static_cast<int>(GetInt(service.status(), "wantedReplicas"));
  return spec.replicas;
}

}  // namespace

std::string PinnedImage(const Object& service) {
  const std::string_view pinned = service.annotation(v1::kAnnotationPinnedImage);
  const size_t space = pinned.find(' ');
  if (space == std::string_view::npos) return "";
  const std::string image = GetString(GetObject(service.spec(), "template"), "image");
  return pinned.substr(0, space) == image ? std::string(pinned.substr(space + 1)) : "";
}

std::string RevisionName(const Object& service) {
  const Json& written = GetObject(service.spec(), "template");
  std::string seed = DumpJson(v1::ContainerTemplate::From(written).ToJson());
  for (const char* annotation : {v1::kAnnotationRestartedAt, v1::kAnnotationRescheduledAt}) {
    if (const auto asked = service.annotation(annotation); !asked.empty())
      seed.append("/").append(asked);
  }
  if (const std::string image = PinnedImage(service); !image.empty()) seed.append("=" + image);
  // Containers do not move: where they may be is decided when they are made.
  if (const v1::Placement placement = v1::ServiceSpec::From(service).placement; !placement.empty())
    seed.append("@").append(DumpJson(placement.ToJson()));
  return std::string(service.name()) + "-" + StableSuffix(seed, 10);
}

Object MakeRevision(const Object& service, const std::string& name, int64_t number) {
  Object revision(v1::kServiceRevisions.gvk(), {std::string(service.ns()), name});
  Inherit(service, &revision);
  for (const char* annotation : {v1::kAnnotationRestartedAt, v1::kAnnotationRescheduledAt}) {
    if (const auto asked = service.annotation(annotation); !asked.empty())
      revision.set_annotation(annotation, asked);
  }
  revision.mutable_spec() = {{"revision", number},
                             {"template", GetObject(service.spec(), "template")}};
  if (const std::string image = PinnedImage(service); !image.empty())
    revision.mutable_spec()["resolvedImage"] = image;
  return revision;
}

Object MakeContainer(const Object& service, const v1::ServiceSpec& spec, const Object& revision,
                     const Create& create) {
  Object container(v1::kContainers.gvk(), {std::string(service.ns()), create.name});
  Inherit(service, &container);
  container.set_label(v1::kLabelSlot, std::to_string(create.slot));
  container.set_label(v1::kLabelRevision, revision.name());
  // There from the start, so that nothing can slip away between creation and the first look of the
  // Container controller.
  container.set_finalizers({v1::kFinalizerContainer});
  if (!create.preferred_node.empty())
    container.set_annotation(v1::kAnnotationPreferredNode, create.preferred_node);
  if (!create.avoided_node.empty())
    container.set_annotation(v1::kAnnotationAvoidedNode, create.avoided_node);
  if (const auto asked = revision.annotation(v1::kAnnotationRescheduledAt); !asked.empty())
    container.set_annotation(v1::kAnnotationRescheduledAt, asked);
  Json& out = container.mutable_spec();
  out = {{"cluster", spec.cluster},
         {"revision", std::string(revision.name())},
         {"minReadySeconds", spec.min_ready_seconds},
         {"template", GetObject(revision.spec(), "template")}};
  if (!spec.placement.empty()) out["placement"] = spec.placement.ToJson();
  if (!create.node.empty()) out["nodeName"] = create.node;
  return container;
}

Instance InstanceFrom(const Object& container, const runtime::Lister* nodes) {
  const v1::ContainerSpec spec = v1::ContainerSpec::From(container);
  const v1::ContainerStatus status = v1::ContainerStatus::From(container);
  Instance i;
  i.name = container.name();
  i.uid = container.uid();
  i.slot = static_cast<int>(runtime::ParseRevision(container.label(v1::kLabelSlot)));
  i.revision = spec.revision;
  i.node = spec.node_name;
  i.deleting = container.deleting();
  i.ready = status.ready && !i.deleting;
  i.started = status.phase != "Stopped" && (status.phase == "Running" || status.phase == "Exited" ||
                                            !GetString(container.status(), "startedAt").empty());
  // A host keeps these phases only for what it does not start again by itself.
  i.ended = (status.phase == "Exited" || status.phase == "Failed") &&
            (spec.tmpl.restart_policy == "no" || spec.tmpl.restart_policy == "on-failure");
  i.stopped = spec.stopped;
  i.halted = spec.stopped && (status.phase == "Stopped" || status.phase == "Exited" ||
                              status.phase == "Failed" || spec.node_name.empty());
  i.rescheduled = container.annotation(v1::kAnnotationRescheduledAt);
  i.completed = status.phase == "Exited" && spec.tmpl.restart_policy != "always" &&
                spec.tmpl.restart_policy != "unless-stopped" &&
                GetInt(GetObject(container.status(), "lastTermination"), "exitCode", -1) == 0;
  i.message = status.message;
  if (nodes && !i.node.empty()) {
    const ObjectPtr node = nodes->Get({"", i.node});
    i.node_gone = !node;
    i.node_silent = !node || !IsConditionTrue(node->status(), "Ready");
  }
  return i;
}

std::vector<Vacancy> VacanciesFrom(const Json& status) {
  std::vector<Vacancy> out;
  for (const Json& v : GetArray(status, "vacancies"))
    out.push_back({static_cast<int>(GetInt(v, "slot")), GetString(v, "node"), GetString(v, "uid"),
                   GetString(v, "rescheduledAt")});
  return out;
}

Json VacanciesToJson(const std::vector<Vacancy>& vacancies) {
  if (vacancies.empty()) return Json();
  Json out = Json::array();
  for (const Vacancy& v : vacancies) {
    Json one = {{"slot", v.slot}, {"uid", v.uid}};
    if (!v.node.empty()) one["node"] = v.node;
    if (!v.rescheduled.empty()) one["rescheduledAt"] = v.rescheduled;
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<NodeView> NodesFor(const runtime::Lister& nodes, const v1::ServiceSpec& service) {
  std::vector<NodeView> out;
  for (const ObjectPtr& node : nodes.List()) {
    const v1::NodeSpec spec = v1::NodeSpec::From(*node);
    if (spec.cluster != service.cluster) continue;
    const auto& demands = service.placement.constraints;
    const auto facts =
        demands.empty() ? std::map<std::string, std::string>() : v1::NodeFacts(*node);
    if (!std::all_of(demands.begin(), demands.end(),
                     [&](const auto& c) { return !c.required || v1::Holds(c, facts); }))
      continue;
    const bool schedulable =
        !spec.unschedulable && !node->deleting() && IsConditionTrue(node->status(), "Ready");
    out.push_back({std::string(node->name()), schedulable});
  }
  return out;
}

std::vector<std::string> UnmetDependencies(std::string_view ns, const v1::ServiceSpec& spec,
                                           const runtime::Lister& services,
                                           const runtime::Lister& containers) {
  std::vector<std::string> unmet;
  for (const auto& d : spec.depends_on) {
    const ObjectPtr service = services.Get({std::string(ns), d.service});
    if (!service || service->deleting()) {
      unmet.push_back(d.service + " to exist");
      continue;
    }
    const v1::ServiceSpec its = v1::ServiceSpec::From(*service);
    const int wanted = WantedReplicas(its, *service);
    // Before its first status nobody knows how many there should be; and one that its application
    // stopped is about to start as this one is.
    const bool known = GetInt(service->status(), "observedGeneration") >= service->generation() &&
                       service->annotation(v1::kAnnotationStoppedByApplication).empty();
    int started = 0, ready = 0, completed = 0;
    for (const ObjectPtr& c : containers.ByOwner(service->uid())) {
      if (c->deleting()) continue;
      const Instance i = InstanceFrom(*c, nullptr);
      started += i.started ? 1 : 0;
      ready += i.ready ? 1 : 0;
      completed += i.completed ? 1 : 0;
    }
    const int have = d.condition == "Healthy"     ? ready
                     : d.condition == "Completed" ? completed
                                                  : started;
    if (!known || have < wanted) unmet.push_back(d.service + " to be " + d.condition);
  }
  return unmet;
}

}  // namespace gantry::service
