#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "apis/gantry.dev/v1/types.h"
#include "apis/machinery/meta/field_error.h"

// Compose documents: text and parameters in, objects and diagnostics out. Pure: no I/O, no clock.
namespace gantry::compose {

struct Input {
  std::string application;  // name of the Application object
  std::string text;         // the Compose document
  std::string cluster = "default";
  std::map<std::string, std::string> parameters;
  // Parameters whose values come from Secrets. They may stand only where a reference can (values of
  // `environment`); there the whole string moves into Output::secrets.
  std::map<std::string, std::string> secret_parameters;
  std::string update_type = "Rolling";
};

struct Service {
  std::string compose_name;  // key below `services`
  std::string name;          // object name: `<app>-<slug>`
  v1::ServiceSpec spec;      // strategy, dependsOn (object names), template
  // The template wrote a replica count (gantry.scale, scale, deploy.replicas).
  bool replicas_declared = false;
};

struct Volume {
  std::string compose_name;
  std::string name;  // object name: `<app>-<slug>`
  v1::VolumeSpec spec;
};

struct Output {
  std::vector<Service> services;  // by compose_name
  std::vector<Volume> volumes;
  // Data of the generated Secret (GeneratedSecretName) that env vars refer to. Its values stand
  // nowhere else in an Output, messages included.
  std::map<std::string, std::string> secrets;
  // Messages with their path: what is accepted and not done, or done differently.
  std::vector<std::string> warnings;
  // Faults; then services, volumes and secrets are empty. Fields are `spec.compose`, with the place
  // in the document (`services.web.labels[gantry.scale]`), or `spec.parameters`.
  FieldErrors errors;
};

// Deterministic: equal inputs give equal outputs, in the same order. Thread-safe.
Output Convert(const Input& input);

// The name of the Secret that holds an application's Output::secrets. It differs from what people
// call their own Secrets (`<app>-params`, say).
std::string GeneratedSecretName(std::string_view application);

}  // namespace gantry::compose
