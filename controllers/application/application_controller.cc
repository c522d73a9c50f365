#include "controllers/application/application_controller.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/meta/condition.h"
#include "controllers/application/summary.h"

namespace gantry::application {

using runtime::EventType;
using runtime::Requeue;

namespace {

bool OwnedBy(const Object& object, const Object& application) {
  const auto owner = object.controller_owner();
  return owner && owner->uid == application.uid();
}

std::string Joined(const FieldErrors& errors) {
  std::vector<std::string> texts;
  for (const FieldError& e : errors) texts.push_back(e.ToString());
  return fmt::format("{}", fmt::join(texts, "; "));
}

// One condition for each subject that the template asks for and nothing acts on yet.
void SayWhatNothingActsOn(const compose::Output& output, runtime::StatusPatch* patch) {
  for (const std::string& subject : compose::NotActedOnSubjects()) {
    const std::string type = subject + "NotActedOn";
    const auto it = output.not_acted_on.find(subject);
    if (it == output.not_acted_on.end()) {
      patch->RemoveCondition(type);
      continue;
    }
    std::string message = it->second.front();
    if (it->second.size() > 1)
      message += fmt::format(" and {} more; see status.warnings", it->second.size() - 1);
    patch->SetCondition(type, true, "NotSupportedYet", message);
  }
}

}  // namespace

ApplicationReconciler::ApplicationReconciler(Deps deps)
    : deps_(std::move(deps)),
      own_services_(deps_.services),
      own_volumes_(deps_.volumes),
      own_secrets_(deps_.secrets),
      own_revisions_(deps_.revisions),
      services_{v1::kServices, deps_.services, &own_services_},
      volumes_{v1::kVolumes, deps_.volumes, &own_volumes_},
      secrets_{v1::kSecrets, deps_.secrets, &own_secrets_},
      revisions_{v1::kApplicationRevisions, deps_.revisions, &own_revisions_} {}

Result<Requeue> ApplicationReconciler::Reconcile(const Context& ctx, const ObjectKey& key) {
  const ObjectPtr application = deps_.applications->Get(key);
  if (!application) {
    for (runtime::OwnWrites* own : {&own_services_, &own_volumes_, &own_secrets_, &own_revisions_})
      own->Forget(key);
    return Requeue::Never();
  }
  if (application->deleting()) return Requeue::Never();  // what it owns goes with it, as dependents
  runtime::StatusPatch patch(deps_.client, v1::kApplications, application, deps_.clock);
  return patch.Finish(ctx, Sync(ctx, *application, &patch));
}

Result<Requeue> ApplicationReconciler::Sync(const Context& ctx, const Object& application,
                                            runtime::StatusPatch* patch) {
  GANTRY_TRY_SET(const std::optional<Parameters> parameters,
                 ReadParameters(ctx, application, patch));
  if (!parameters) return Requeue::Never();  // a change of the source brings it back

  const v1::ApplicationSpec spec = v1::ApplicationSpec::From(application);
  compose::Input input;
  input.application = application.name();
  input.text = spec.compose;
  input.cluster = spec.cluster;
  input.parameters = parameters->plain;
  input.secret_parameters = parameters->secret;
  input.update_type = spec.update_type;
  input.profiles = spec.profiles;
  const compose::Output output = compose::Convert(input);

  if (output.warnings.empty()) {
    patch->status()["warnings"] = nullptr;
    patch->RemoveCondition("TemplateWarnings");
  } else {
    patch->status()["warnings"] = output.warnings;
    patch->SetCondition("TemplateWarnings", true, "Warnings",
                        fmt::format("{} warnings; see status.warnings", output.warnings.size()));
  }
  SayWhatNothingActsOn(output, patch);
  if (!output.errors.empty()) {
    Fail(application, "InvalidTemplate", Joined(output.errors), patch);
    return Requeue::Never();
  }

  const Wanted wanted = MakeWanted(application, output);
  if (const std::string foreign = ForeignNames(application, wanted); !foreign.empty()) {
    Fail(application, "NameConflict", foreign, patch);
    return Requeue::After(std::chrono::seconds(30));  // nobody tells when a stranger goes
  }
  if (const Status applied = Apply(ctx, application, wanted); !applied.ok()) {
    if (applied.code() != Code::kConflict) {
      patch->SetCondition("Ready", false, "ReconcileFailed", applied.error().message);
    }
    return applied.error();
  }
  GANTRY_TRY_SET(patch->status()["currentRevision"], Record(ctx, application));
  SetStatus(application, wanted, patch);
  return Requeue::Never();
}

Result<ObjectPtr> ApplicationReconciler::ReadSource(const Context& ctx, const ObjectKey& key,
                                                    bool secret) {
  if (secret) return deps_.secrets->Get(key);
  auto live = deps_.client.Get(ctx, v1::kConfigMaps, key);
  if (live.ok()) return ObjectPtr(std::make_shared<const Object>(std::move(*live)));
  if (live.code() == Code::kNotFound) return ObjectPtr();
  return live.error().Wrap("spec.parametersFrom");
}

Result<std::optional<Parameters>> ApplicationReconciler::ReadParameters(
    const Context& ctx, const Object& application, runtime::StatusPatch* patch) {
  const v1::ApplicationSpec spec = v1::ApplicationSpec::From(application);
  Parameters parameters;
  std::vector<std::string> missing;
  for (const auto& source : spec.parameters_from) {
    const ObjectKey key{std::string(application.ns()), source.name};
    GANTRY_TRY_SET(const ObjectPtr object, ReadSource(ctx, key, source.secret));
    if (!object) {
      missing.push_back(fmt::format("{} {}", source.secret ? "Secret" : "ConfigMap", source.name));
    } else if (source.secret) {
      parameters.AddSecret(*object);
    } else {
      parameters.AddConfigMap(*object);
    }
  }
  if (!missing.empty()) {
    Fail(application, "ParametersUnavailable",
         fmt::format("spec.parametersFrom: {} not found in namespace {}", fmt::join(missing, ", "),
                     application.ns()),
         patch);
    return std::optional<Parameters>();
  }
  parameters.AddPlain(spec.parameters);
  return std::optional<Parameters>(std::move(parameters));
}

void ApplicationReconciler::Fail(const Object& application, const char* reason,
                                 const std::string& message, runtime::StatusPatch* patch) {
  const Json* before = FindCondition(application.status(), "Ready");
  if (!before || GetString(*before, "message") != message)
    deps_.events->Record(application, EventType::kWarning, reason, message);
  patch->status()["phase"] = "Failed";
  patch->SetCondition("Ready", false, reason, message);
}

std::vector<ObjectPtr> ApplicationReconciler::Owned(const Object& application, const Kind& kind) {
  std::vector<ObjectPtr> out;
  for (ObjectPtr& o :
       kind.own->Overlay(application.key(), kind.lister->ByOwner(application.uid()))) {
    if (OwnedBy(*o, application)) out.push_back(std::move(o));
  }
  return out;
}

ObjectPtr ApplicationReconciler::Existing(const Object& application, const Kind& kind,
                                          const std::string& name) {
  for (const ObjectPtr& o : Owned(application, kind)) {
    if (o->name() == name) return o;
  }
  const ObjectPtr cached = kind.lister->Get({std::string(application.ns()), name});
  return cached && !OwnedBy(*cached, application) ? cached : nullptr;
}

ApplicationReconciler::Wanted ApplicationReconciler::MakeWanted(const Object& application,
                                                                const compose::Output& output) {
  Wanted wanted;
  if (!output.secrets.empty()) {
    const ObjectPtr have =
        Existing(application, secrets_, compose::GeneratedSecretName(application.name()));
    wanted.secrets.push_back({DesiredSecret(application, output.secrets, have.get()), have});
  }
  for (const compose::Volume& v : output.volumes) {
    const ObjectPtr have = Existing(application, volumes_, v.name);
    wanted.volumes.push_back({DesiredVolume(application, v, have.get()), have});
  }
  for (const compose::Service& s : output.services) {
    const ObjectPtr have = Existing(application, services_, s.name);
    wanted.services.push_back({DesiredService(application, s, have.get()), have});
    wanted.service_names.push_back(s.name);
  }
  return wanted;
}

std::string ApplicationReconciler::ForeignNames(const Object& application, const Wanted& wanted) {
  std::vector<std::string> taken;
  for (const std::vector<Item>* items : {&wanted.secrets, &wanted.volumes, &wanted.services}) {
    for (const Item& item : *items) {
      if (item.have && !OwnedBy(*item.have, application))
        taken.push_back(fmt::format("{} {}", item.have->kind(), item.have->name()));
    }
  }
  if (taken.empty()) return "";
  return fmt::format("{} exists already and does not belong to this application",
                     fmt::join(taken, ", "));
}

Status ApplicationReconciler::Apply(const Context& ctx, const Object& application,
                                    const Wanted& wanted) {
  for (const Item& i : wanted.secrets) GANTRY_TRY(Write(ctx, application, secrets_, i));
  for (const Item& i : wanted.volumes) GANTRY_TRY(Write(ctx, application, volumes_, i));
  for (const Item& i : wanted.services) GANTRY_TRY(Write(ctx, application, services_, i));
  GANTRY_TRY(DeleteOthers(ctx, application, services_, wanted.services));
  GANTRY_TRY(DeleteOthers(ctx, application, volumes_, wanted.volumes));
  GANTRY_TRY(DeleteOthers(ctx, application, secrets_, wanted.secrets));
  return OkStatus();
}

Status ApplicationReconciler::Write(const Context& ctx, const Object& application, const Kind& kind,
                                    const Item& item) {
  const Object& object = item.object;
  const ObjectPtr& have = item.have;
  const std::string what = fmt::format("{} {}", kind.resource.kind, object.name());
  if (have && have->json() == object.json()) return OkStatus();
  if (have && have->deleting()) return Error(Code::kConflict, what + " is still being deleted");
  // An update carries the resourceVersion that it was computed from.
  const Result<Object> written = have ? deps_.client.Update(ctx, kind.resource, object)
                                      : deps_.client.Create(ctx, kind.resource, object);
  if (written.ok()) {
    kind.own->Wrote(application.key(), *written);
    if (!have)
      deps_.events->Record(application, EventType::kNormal, kind.resource.kind + "Created",
                           "created " + what);
    return OkStatus();
  }
  if (written.code() != Code::kAlreadyExists) return written.error().Wrap("write " + what);
  GANTRY_TRY_SET(const Object live, deps_.client.Get(ctx, kind.resource, object.key()));
  if (OwnedBy(live, application)) kind.own->Wrote(application.key(), live);
  return Error(Code::kConflict, what + " exists already");  // looked at anew
}

Status ApplicationReconciler::DeleteOthers(const Context& ctx, const Object& application,
                                           const Kind& kind, const std::vector<Item>& keep) {
  std::set<std::string_view> names;
  for (const Item& i : keep) names.insert(i.object.name());
  for (const ObjectPtr& o : Owned(application, kind)) {
    if (names.count(o->name()) || o->deleting()) continue;
    client::DeleteOptions options;
    options.uid = o->uid();
    options.propagation = client::Propagation::kBackground;
    const Result<Object> gone = deps_.client.Delete(ctx, kind.resource, o->key(), options);
    const std::string what = fmt::format("{} {}", kind.resource.kind, o->name());
    if (!gone.ok() && gone.code() != Code::kNotFound) return gone.error().Wrap("delete " + what);
    kind.own->Deleted(application.key(), *o, gone.ok() ? *gone : Object());
    deps_.events->Record(application, EventType::kNormal, kind.resource.kind + "Deleted",
                         "deleted " + what + ", which the template has no longer");
  }
  return OkStatus();
}

void ApplicationReconciler::SetStatus(const Object& application, const Wanted& wanted,
                                      runtime::StatusPatch* patch) {
  const Summary sum = Summarize(wanted.service_names, Owned(application, services_));
  const bool stopped = v1::ApplicationSpec::From(application).stopped;
  const bool changed =
      GetInt(application.status(), "observedGeneration") < application.generation();
  Json& status = patch->status();
  status["services"] = {{"ready", sum.services_ready},
                        {"total", sum.services},
                        {"summary", fmt::format("{}/{}", sum.services_ready, sum.services)}};
  status["containers"] = {{"ready", sum.containers_ready},
                          {"total", sum.containers},
                          {"summary", fmt::format("{}/{}", sum.containers_ready, sum.containers)}};
  status["phase"] = NextPhase(GetString(application.status(), "phase"), sum, stopped, changed);
  std::string text = fmt::format("{} of {} services ready", sum.services_ready, sum.services);
  if (stopped) {
    patch->SetCondition("Ready", false, "Stopped",
                        sum.containers_existing == 0
                            ? "stopped"
                            : fmt::format("{} containers stop", sum.containers_existing));
  } else if (sum.services_ready == sum.services) {
    patch->SetCondition("Ready", true, "AllServicesReady", text);
  } else {
    if (!sum.complaint.empty()) text += "; " + sum.complaint;
    patch->SetCondition("Ready", false, "ServicesNotReady", text);
  }
}

namespace {

constexpr char kIndexParameters[] = "parametersFrom";  // `<namespace>/<kind>/<name>`

std::string ParameterIndexKey(std::string_view ns, bool secret, std::string_view name) {
  return fmt::format("{}/{}/{}", ns, secret ? "Secret" : "ConfigMap", name);
}

// Applications are looked at when a source of their parameters changes.
void WatchParameters(runtime::Controller* controller, runtime::Informer* applications,
                     runtime::Informer* source, bool secret) {
  const runtime::Lister* lister = &applications->lister();
  controller->Watch(source, [lister, secret](const ObjectPtr& before, const ObjectPtr& after) {
    std::vector<ObjectKey> keys;
    const Object& o = after ? *after : *before;
    for (const ObjectPtr& a :
         lister->ByIndex(kIndexParameters, ParameterIndexKey(o.ns(), secret, o.name())))
      keys.push_back(a->key());
    return keys;
  });
}

}  // namespace

void AddApplicationController(runtime::Manager* manager) {
  runtime::Informer* applications = manager->InformerFor(v1::kApplications);
  runtime::Informer* services = manager->InformerFor(v1::kServices);
  runtime::Informer* volumes = manager->InformerFor(v1::kVolumes);
  runtime::Informer* secrets = manager->InformerFor(v1::kSecrets);
  runtime::Informer* revisions = manager->InformerFor(v1::kApplicationRevisions);
  runtime::Informer* config_maps = manager->OwnershipInformerFor(v1::kConfigMaps);
  applications->AddIndex(kIndexParameters, [](const Object& o) {
    std::vector<std::string> out;
    for (const auto& source : v1::ApplicationSpec::From(o).parameters_from)
      out.push_back(ParameterIndexKey(o.ns(), source.secret, source.name));
    return out;
  });
  ApplicationReconciler::Deps deps{manager->ClientFor("application"),
                                   manager->RecorderFor("application"),
                                   &applications->lister(),
                                   &services->lister(),
                                   &volumes->lister(),
                                   &secrets->lister(),
                                   &revisions->lister(),
                                   manager->clock()};
  runtime::Controller* controller =
      manager->Add("application", std::make_unique<ApplicationReconciler>(std::move(deps)));
  controller->Watch(applications, runtime::MapSelf());
  for (runtime::Informer* owned : {services, volumes, secrets, revisions})
    controller->Watch(owned, runtime::MapControllerOwner(v1::kApplications));
  WatchParameters(controller, applications, secrets, true);
  WatchParameters(controller, applications, config_maps, false);
}

}  // namespace gantry::application
