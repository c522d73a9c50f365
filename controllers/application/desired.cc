#include "controllers/application/desired.h"

#include <fmt/format.h>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/base/encoding.h"

namespace gantry::application {
namespace {

Object Start(const Object& application, const client::Resource& resource, const std::string& name,
             const Object* existing) {
  Object out = existing ? *existing : Object(resource.gvk(), {std::string(application.ns()), name});
  out.set_label(v1::kLabelApplication, application.name());
  if (!existing) out.set_owner(application.MakeOwnerReference());
  return out;
}

// The spec as a view reads it: without what the server filled in.
Json Normal(const Json& spec) {
  Object holder;
  holder.json()["spec"] = spec;
  return v1::ServiceSpec::From(holder).ToJson();
}

// The declared number counts at creation and when it changes; between, the number belongs to
// whoever scaled the service.
void SetReplicas(const compose::Service& service, const Object* existing, Object* out,
                 v1::ServiceSpec* spec) {
  const std::string declared =
      service.replicas_declared ? std::to_string(service.spec.replicas) : "";
  const std::string last =
      existing ? std::string(existing->annotation(v1::kAnnotationDeclaredReplicas)) : "";
  const bool takes_effect = !existing || (!declared.empty() && declared != last);
  if (!takes_effect) spec->replicas = v1::ServiceSpec::From(*existing).replicas;
  if (!declared.empty()) {
    out->set_annotation(v1::kAnnotationDeclaredReplicas, declared);
  } else if (!last.empty()) {
    out->Meta()["annotations"].erase(v1::kAnnotationDeclaredReplicas);
  }
}

// A switch that an Application has for all its services: it turns off those again that it turned on
// itself, which `mark` remembers. The service's new setting.
bool Switched(bool application, bool service, const char* mark, Object* out) {
  const bool by_application = !out->annotation(mark).empty();
  if (application) {
    if (!service) out->set_annotation(mark, "true");
    return true;
  }
  if (by_application) out->Meta()["annotations"].erase(mark);
  return service && !by_application;
}

// What was asked of the Application is asked of each service, unless that was asked later.
void PassOn(const Object& application, const char* annotation, Object* out) {
  const std::string_view asked = application.annotation(annotation);
  if (asked > out->annotation(annotation)) out->set_annotation(annotation, asked);
}

// An undone service keeps its template until another one is declared.
void SetTemplate(const Object* existing, Object* out, v1::ServiceSpec* spec) {
  const std::string declared = StableHash(DumpJson(spec->tmpl.ToJson()));
  out->set_annotation(v1::kAnnotationDeclaredTemplate, declared);
  if (!existing) return;
  const std::string_view undone = existing->annotation(v1::kAnnotationUndoneTemplate);
  if (undone.empty()) return;
  if (undone == declared) {
    spec->tmpl = v1::ServiceSpec::From(*existing).tmpl;
  } else {
    out->Meta()["annotations"].erase(v1::kAnnotationUndoneTemplate);
  }
}

}  // namespace

void Parameters::AddConfigMap(const Object& config_map) {
  AddPlain(GetStringMap(config_map.json(), "data"));
}

void Parameters::AddSecret(const Object& object) {
  for (const auto& [key, encoded] : GetStringMap(object.json(), "data")) {
    const auto value = Base64Decode(encoded);
    if (!value) continue;
    plain.erase(key);
    secret[key] = *value;
  }
}

void Parameters::AddPlain(const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values) {
    secret.erase(key);
    plain[key] = value;
  }
}

Object DesiredService(const Object& application, const compose::Service& service,
                      const Object* existing) {
  Object out = Start(application, v1::kServices, service.name, existing);
  out.set_label(v1::kLabelComposeService, service.compose_name);
  v1::ServiceSpec spec = service.spec;
  SetReplicas(service, existing, &out, &spec);
  SetTemplate(existing, &out, &spec);
  const v1::ApplicationSpec its = v1::ApplicationSpec::From(application);
  const v1::ServiceSpec now = existing ? v1::ServiceSpec::From(*existing) : v1::ServiceSpec();
  spec.stopped = Switched(its.stopped, now.stopped, v1::kAnnotationStoppedByApplication, &out);
  spec.paused = Switched(its.paused, now.paused, v1::kAnnotationPausedByApplication, &out);
  spec.image_pull_secrets = its.image_pull_secrets;
  for (const char* annotation :
       {v1::kAnnotationRestartedAt, v1::kAnnotationRedeployedAt, v1::kAnnotationRescheduledAt})
    PassOn(application, annotation, &out);
  const Json wanted = spec.ToJson();
  if (!existing || Normal(existing->spec()) != Normal(wanted)) out.json()["spec"] = wanted;
  return out;
}

Object DesiredVolume(const Object& application, const compose::Volume& volume,
                     const Object* existing) {
  Object out = Start(application, v1::kVolumes, volume.name, existing);
  Json& spec = out.json()["spec"];
  if (!spec.is_object()) spec = Json::object();
  spec["cluster"] = volume.spec.cluster;
  spec["driver"] = volume.spec.driver;
  spec["reclaimPolicy"] = volume.spec.reclaim_policy;
  return out;
}

Object DesiredSecret(const Object& application, const std::map<std::string, std::string>& values,
                     const Object* existing) {
  Object out =
      Start(application, v1::kSecrets, compose::GeneratedSecretName(application.name()), existing);
  Json data = Json::object();
  for (const auto& [key, value] : values) data[key] = Base64Encode(value);
  out.json()["data"] = std::move(data);
  if (!existing) out.json()["type"] = "Opaque";
  return out;
}

Object DesiredRevision(const Object& application) {
  Json state = Json::object();
  for (const char* field : {"version", "compose", "parameters", "parametersFrom", "profiles"}) {
    const Json& value = GetAny(application.spec(), field);
    if (!value.is_null()) state[field] = value;
  }
  const std::string name =
      fmt::format("{}-{}", application.name(), StableHash(DumpJson(state)).substr(0, 10));
  Object out = Start(application, v1::kApplicationRevisions, name, nullptr);
  out.mutable_spec() = std::move(state);
  return out;
}

}  // namespace gantry::application
