#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ostream>

#include "apis/compose/compose.h"
#include "apis/convert/to_compose.h"
#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/yaml/yaml.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/compose_input.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/manifests.h"
#include "kubectl-plugin/mapper.h"

namespace gantry::kubectl {
namespace {

struct ConvertFlags {
  std::vector<std::string> words;
  std::vector<std::string> files;
  std::string env_file;
  std::string name;
  std::string to = "application";
  std::vector<std::string> parameters;
};

void Say(Session& session, const std::vector<std::string>& notes) {
  for (const std::string& note : notes) session.io().err << "warning: " << note << std::endl;
}

void Print(Session& session, const std::vector<Object>& objects) {
  bool first = true;
  for (const Object& object : objects) {
    if (!first) session.io().out << "---\n";
    session.io().out << yaml::ToYaml(object.json());
    first = false;
  }
}

Error Faults(const FieldErrors& errors) {
  std::vector<std::string> texts;
  for (const FieldError& error : errors) texts.push_back(error.ToString());
  return LocalError(
      fmt::format("the document cannot be converted:\n  {}", fmt::join(texts, "\n  ")));
}

// --- From Compose.

Object MakeApplication(const compose::Input& input, const ConvertFlags& flags) {
  Object object(v1::kApplications.gvk(), {"", input.application});
  object.Meta().erase("namespace");
  Json& spec = object.mutable_spec();
  spec["compose"] = input.text;
  if (!input.parameters.empty()) spec["parameters"] = input.parameters;
  return object;
}

std::vector<Object> MakeObjects(const compose::Input& input, const compose::Output& output) {
  std::vector<Object> objects;
  const auto add = [&](const client::Resource& kind, const std::string& name,
                       Json spec) -> Object& {
    objects.emplace_back(kind.gvk(), ObjectKey{"", name});
    objects.back().Meta().erase("namespace");
    objects.back().set_label(v1::kLabelApplication, input.application);
    objects.back().json()["spec"] = std::move(spec);
    return objects.back();
  };
  for (const compose::Volume& volume : output.volumes)
    add(v1::kVolumes, volume.name,
        {{"driver", volume.spec.driver}, {"reclaimPolicy", volume.spec.reclaim_policy}});
  for (const compose::Service& service : output.services)
    add(v1::kServices, service.name, service.spec.ToJson())
        .set_label(v1::kLabelComposeService, service.compose_name);
  return objects;
}

Result<int> FromCompose(Session& session, const ConvertFlags& flags) {
  compose::Input input;
  ComposeSource source;
  source.files = flags.files;
  source.env_file = flags.env_file;
  source.parameters = flags.parameters;
  GANTRY_TRY_SET(const ComposeInput read, ReadComposeInput(session.io(), source));
  input.text = read.text;
  for (const auto& [name, value] : read.parameters.items())
    input.parameters[name] = value.is_string() ? value.get<std::string>() : value.dump();
  input.application = flags.name;
  if (input.application.empty()) return LocalError("--name NAME of the application is required");
  const compose::Output output = compose::Convert(input);
  Say(session, output.warnings);
  const bool application = flags.to == "application";
  FieldErrors errors;
  for (const FieldError& error : output.errors) {
    // An Application may get them later.
    if (application && error.field == "spec.parameters") {
      session.io().err << "warning: " << error.ToString() << std::endl;
    } else {
      errors.push_back(error);
    }
  }
  if (!errors.empty()) return Faults(errors);
  if (application) {
    Print(session, {MakeApplication(input, flags)});
  } else {
    Print(session, MakeObjects(input, output));
  }
  return 0;
}

// --- To Compose.

// The objects of the file, or of the application that lives under the name.
Result<std::vector<Object>> Sources(Session& session, const ConvertFlags& flags) {
  std::vector<Object> objects;
  if (!flags.files.empty()) {
    GANTRY_TRY_SET(std::vector<Manifest> manifests,
                   ReadManifests(session.io(), flags.files, false));
    for (Manifest& manifest : manifests) objects.push_back(std::move(manifest.object));
    return objects;
  }
  if (flags.words.size() != 1)
    return LocalError(
        "name an application (app/NAME) or a service (service/NAME), or a file with -f");
  const std::string& word = flags.words[0];
  const size_t slash = word.find('/');
  const std::string kind = slash == std::string::npos ? "app" : word.substr(0, slash);
  const std::string name = slash == std::string::npos ? word : word.substr(slash + 1);
  GANTRY_TRY_SET(const Mapper* const mapper, session.mapper());
  GANTRY_TRY_SET(const ServedResource* const type, mapper->Find(kind));
  GANTRY_TRY_SET(const client::Client* const client, session.client());
  GANTRY_TRY_SET(const std::string ns, session.ns());
  GANTRY_TRY_SET(Object object, client->Get(session.ctx(), type->resource, {ns, name}));
  objects.push_back(std::move(object));
  return objects;
}

Result<int> ToComposeText(Session& session, const ConvertFlags& flags) {
  GANTRY_TRY_SET(const std::vector<Object> objects, Sources(session, flags));
  std::vector<Object> services, volumes;
  std::vector<const Object*> applications;
  std::vector<std::string> notes;
  for (const Object& object : objects) {
    const std::string kind(object.kind());
    if (kind == v1::kApplications.kind) applications.push_back(&object);
    else if (kind == v1::kServices.kind) services.push_back(object);
    else if (kind == v1::kVolumes.kind) volumes.push_back(object);
    else
      notes.push_back(
          fmt::format("{} {} is left out: Compose has nothing like it", kind, object.name()));
  }
  if (applications.size() + (services.empty() ? 0 : 1) > 1)
    return LocalError("a Compose document is one application: give one Application, or Services");
  if (!applications.empty()) {
    const Object& application = *applications[0];
    for (const auto& [name, value] : GetObject(application.spec(), "parameters").items())
      notes.push_back(
          fmt::format("the parameter {} is not part of the document; put {}={} into .env", name,
                      name, value.is_string() ? value.get<std::string>() : ""));
    for (const Json& source : GetArray(application.spec(), "parametersFrom"))
      notes.push_back(fmt::format("spec.parametersFrom {} is left out", source.dump()));
    for (const char* field : {"updatePolicy", "stopped"}) {
      const Json& value = GetAny(application.spec(), field);
      if (!value.is_null() && value != false && value != Json({{"type", "Rolling"}}))
        notes.push_back(fmt::format("spec.{} is left out", field));
    }
    Say(session, notes);
    session.io().out << GetString(application.spec(), "compose");
    return 0;
  }
  if (services.empty()) return LocalError("there is neither an Application nor a Service");
  const convert::ComposeDocument document = convert::ToCompose(services, volumes);
  notes.insert(notes.end(), document.notes.begin(), document.notes.end());
  Say(session, notes);
  session.io().out << yaml::ToYaml(document.json);
  return 0;
}

Result<int> Convert(Session& session, const ConvertFlags& flags) {
  if (flags.to == "compose") return ToComposeText(session, flags);
  if (flags.to != "application" && flags.to != "objects")
    return LocalError("--to must be application, objects or compose");
  return FromCompose(session, flags);
}

}  // namespace

void AddConvert(const Command& compose, Session* session) {
  auto flags = std::make_shared<ConvertFlags>();
  const Command convert =
      compose.Add("convert", "turn a Compose file into manifests, or manifests into a Compose file",
                  "kubectl-gantry compose convert -f docker-compose.yml --name NAME "
                  "[--to application|objects] | --to compose app/NAME|-f FILE");
  convert.Words(&flags->words, "with --to compose: app/NAME or service/NAME")
      .List("-f,--file", &flags->files,
            "a Compose file, or with --to compose manifests; - for standard input")
      .Text("--env-file", &flags->env_file, "KEY=VALUE lines; .env beside the file otherwise")
      .Text("--name", &flags->name, "the application's name")
      .Text("--to", &flags->to,
            "application (the default); objects: its Services and Volumes; compose: back")
      .List("--param", &flags->parameters, "KEY=VALUE for ${KEY}");
  convert.Runs([session, flags] { return Convert(*session, *flags); });
}

}  // namespace gantry::kubectl
