#include <fmt/format.h>

#include <ostream>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/base/encoding.h"
#include "apis/machinery/yaml/yaml.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/mapper.h"
#include "kubectl-plugin/templates.h"

namespace gantry::kubectl {
namespace {

struct AppFlags {
  std::vector<std::string> words;
  std::string from_template;
  std::string template_version;
  std::vector<std::string> parameters;
  std::string image;
  std::vector<std::string> ports;
  std::vector<std::string> env;
  std::vector<std::string> volumes;
  std::string command;
  std::optional<int64_t> replicas;
  std::string version;
  std::string description;
  std::string cluster = "default";
  bool dry_run = false;
};

// An Application, and the Secret with those of its parameters that are secret; without data: none.
struct Made {
  Object application;
  Object secret;
};

std::string SecretName(std::string_view application) {
  return std::string(application) + "-template-params";
}

Result<Made> FromTemplate(Session& session, const AppFlags& flags, Made made) {
  GANTRY_TRY_SET(const Object object, FindTemplate(session, flags.from_template));
  const v1::TemplateSpec spec = v1::TemplateSpec::From(object);
  GANTRY_TRY_SET(const v1::TemplateVersion* const version,
                 VersionOf(spec, flags.from_template, flags.template_version));
  GANTRY_TRY_SET(auto given, ParsePairs("--param", flags.parameters));
  GANTRY_TRY_SET(const auto values, FillParameters(session, *version, std::move(given)));
  Json& out = made.application.mutable_spec();
  out["compose"] = version->compose;
  if (!out.contains("version")) out["version"] = version->version;
  if (!out.contains("description") && !spec.description.empty())
    out["description"] = spec.description;
  for (const v1::TemplateParameter& parameter : version->parameters) {
    const auto value = values.find(parameter.name);
    if (parameter.secret() && value != values.end()) {
      made.secret.json()["data"][parameter.name] = Base64Encode(value->second);
    } else if (value != values.end()) {
      out["parameters"][parameter.name] = value->second;
    } else if (parameter.default_value) {
      out["parameters"][parameter.name] = *parameter.default_value;
    }
  }
  if (made.secret.json().contains("data"))
    out["parametersFrom"] = Json::array({{{"secretRef", {{"name", made.secret.name()}}}}});
  made.application.set_annotation(v1::kAnnotationTemplate,
                                  fmt::format("{}/{}", object.ns(), object.name()));
  return made;
}

// One service, called as the application is.
Made FromImage(const AppFlags& flags, Made made) {
  Json service = {{"image", flags.image}};
  if (!flags.ports.empty()) service["ports"] = flags.ports;
  if (!flags.env.empty()) service["environment"] = flags.env;
  if (!flags.volumes.empty()) service["volumes"] = flags.volumes;
  if (!flags.command.empty()) service["command"] = flags.command;
  if (flags.replicas) service["deploy"] = {{"replicas", *flags.replicas}};
  Json document = {{"services", {{made.application.name(), std::move(service)}}}};
  for (const std::string& volume : flags.volumes) {
    const size_t colon = volume.find(':');
    if (colon != std::string::npos && colon > 0 && volume.find('/') > colon)
      document["volumes"][volume.substr(0, colon)] = Json::object();
  }
  made.application.mutable_spec()["compose"] = yaml::ToYaml(document);
  return made;
}

Status CheckFlags(const AppFlags& flags) {
  if (flags.words.size() != 1) return LocalError("exactly one application name is required");
  if (flags.image.empty() == flags.from_template.empty())
    return LocalError("one of --from-template TEMPLATE and --image IMAGE is required");
  const bool of_image = !flags.ports.empty() || !flags.env.empty() || !flags.volumes.empty() ||
                        !flags.command.empty() || flags.replicas;
  if (flags.image.empty() && of_image)
    return LocalError(
        "--port, --env, --volume, --command and --replicas go with --image; a "
        "template has parameters (--param)");
  if (!flags.image.empty() && (!flags.parameters.empty() || !flags.template_version.empty()))
    return LocalError("--param and --template-version go with --from-template");
  return OkStatus();
}

Result<int> CreateApp(Session& session, const AppFlags& flags) {
  GANTRY_TRY(CheckFlags(flags));
  GANTRY_TRY_SET(const std::string ns, session.ns());
  GANTRY_TRY_SET(const client::Client* const client, session.client());
  const std::string& name = flags.words[0];
  Made made{Object(v1::kApplications.gvk(), {ns, name}),
            Object(v1::kSecrets.gvk(), {ns, SecretName(name)})};
  made.application.mutable_spec()["cluster"] = flags.cluster;
  if (!flags.version.empty()) made.application.mutable_spec()["version"] = flags.version;
  if (!flags.description.empty())
    made.application.mutable_spec()["description"] = flags.description;
  if (flags.image.empty()) {
    GANTRY_TRY_SET(made, FromTemplate(session, flags, std::move(made)));
  } else {
    made = FromImage(flags, std::move(made));
  }
  if (flags.dry_run) {
    session.io().out << yaml::ToYaml(made.application.json());
    return 0;
  }
  const bool secret = made.secret.json().contains("data");
  if (secret) {
    // A refused application leaves nothing behind.
    client::WriteOptions dry_run;
    dry_run.dry_run = true;
    GANTRY_TRY(client->Create(session.ctx(), v1::kApplications, made.application, dry_run));
    made.secret.json()["type"] = "Opaque";
    GANTRY_TRY(client->Create(session.ctx(), v1::kSecrets, made.secret));
  }
  const Result<Object> stored = client->Create(session.ctx(), v1::kApplications, made.application);
  if (!stored.ok()) {
    if (secret) client->Delete(session.ctx(), v1::kSecrets, made.secret.key()).IgnoreError();
    return stored.error();
  }
  if (secret) {
    // It goes when the application goes; the Application's controller, which removes what the
    // template has no longer, does not own it.
    OwnerReference owner = stored->MakeOwnerReference();
    owner.controller = false;
    Object owned(v1::kSecrets.gvk(), made.secret.key());
    owned.set_owner(owner);
    const Json patch = {
        {"metadata", {{"ownerReferences", GetAny(owned.meta(), "ownerReferences")}}}};
    GANTRY_TRY(client->Patch(session.ctx(), v1::kSecrets, made.secret.key(),
                             client::PatchType::kMerge, patch));
  }
  session.io().out << "application.gantry.dev/" << name << " created" << std::endl;
  return 0;
}

}  // namespace

void AddApp(const Command& root, Session* session) {
  const Command app = root.Add("app", "work with applications");
  auto flags = std::make_shared<AppFlags>();
  const Command create =
      app.Add("create", "create an application from a template or from an image",
              "kubectl-gantry app create NAME --from-template T [--param K=V...] | --image IMAGE");
  create.Words(&flags->words, "the application's name")
      .Text("--from-template", &flags->from_template,
            "a Template of the namespace, or one that comes with Gantry")
      .Text("--template-version", &flags->template_version, "its version; default: the newest")
      .List("--param", &flags->parameters,
            "KEY=VALUE; what has no default and is not given is asked for on a terminal")
      .Text("--image", &flags->image, "run this image as one service")
      .List("--port", &flags->ports, "with --image: a port, as in a Compose file: 8080:80")
      .List("--env", &flags->env, "with --image: KEY=VALUE of the environment")
      .List("--volume", &flags->volumes, "with --image: a mount, as in a Compose file: data:/data")
      .Text("--command", &flags->command, "with --image: the command to run")
      .Number("--replicas", &flags->replicas, "with --image: how many containers")
      .Text("--version", &flags->version, "a name for this state; default: the template's version")
      .Text("--description", &flags->description, "what the application is")
      .Text("--cluster-name", &flags->cluster, "the Cluster to run in (default)")
      .Flag("--dry-run", &flags->dry_run, "print the Application instead");
  create.Runs([session, flags] { return CreateApp(*session, *flags); });
}

}  // namespace gantry::kubectl
