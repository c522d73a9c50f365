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
  // Services with profiles are left out unless one of theirs is here; `*` is all of them.
  std::vector<std::string> profiles{};
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
  // Messages with path and position: what is accepted and not done, or done differently.
  std::vector<std::string> warnings;
  // Faults; then services, volumes and secrets are empty. Fields are `spec.compose`, with the place
  // in the document (`services.web.labels[gantry.scale]`), or `spec.parameters`. Each ends with its
  // position in the text: `(line 9, column 25)`.
  FieldErrors errors;
  // What the template asks for and nothing acts on yet: a subject (one of NotActedOnSubjects) and
  // the places that ask. Each has its warning too.
  std::map<std::string, std::vector<std::string>> not_acted_on;
};

// Deterministic: equal inputs give equal outputs, in the same order. Thread-safe.
Output Convert(const Input& input);

// Every subject that Output::not_acted_on may have.
const std::vector<std::string>& NotActedOnSubjects();

// The name of the Secret that holds an application's Output::secrets. It differs from what people
// call their own Secrets (`<app>-params`, say).
std::string GeneratedSecretName(std::string_view application);

}  // namespace gantry::compose
