#include "controllers/application/desired.h"

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

// An Application stops all its services, and starts those again that it stopped itself.
void SetStopped(bool application_stopped, const Object* existing, Object* out,
                v1::ServiceSpec* spec) {
  const bool was_stopped = existing && v1::ServiceSpec::From(*existing).stopped;
  const bool by_application =
      existing && !existing->annotation(v1::kAnnotationStoppedByApplication).empty();
  if (application_stopped) {
    spec->stopped = true;
    if (!was_stopped) out->set_annotation(v1::kAnnotationStoppedByApplication, "true");
  } else {
    spec->stopped = was_stopped && !by_application;
    if (by_application) out->Meta()["annotations"].erase(v1::kAnnotationStoppedByApplication);
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
  SetStopped(v1::ApplicationSpec::From(application).stopped, existing, &out, &spec);
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

}  // namespace gantry::application
