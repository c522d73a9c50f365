#include <fmt/format.h>

#include <ostream>

#include "apis/machinery/meta/condition.h"
#include "kubectl-plugin/applier.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/compose_input.h"
#include "kubectl-plugin/containers.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/manifests.h"
#include "kubectl-plugin/mapper.h"
#include "kubectl-plugin/print/progress.h"
#include "kubectl-plugin/waiter.h"

namespace gantry::kubectl {
namespace {

constexpr char kApplications[] = "applications.gantry.dev";

struct ComposeFlags {
  ComposeSource source;
  std::string name;
  std::string cluster = "default";
  std::string timeout = "5m";
  std::string version;
  std::vector<std::string> profiles;
  bool detach = false;
  bool wait = false;
};

// Waits until the application, as it was applied, is Ready.
Status AwaitReady(Session& session, const ServedResource& type, const ObjectKey& key,
                  Duration timeout) {
  Progress progress(session.io());
  std::string state;
  const Status s = WaitForObject(session, type, key, timeout, [&](const Object* o) {
    if (!o) return false;
    const Json* ready = FindCondition(o->status(), "Ready");
    if (ready && GetString(*ready, "status") == "True" &&
        GetInt(*ready, "observedGeneration", o->generation()) >= o->generation()) {
      return true;
    }
    state = StateLine(*o);
    progress.Show(fmt::format("waiting for {}{}", type.ObjectName(key.name),
                              state.empty() ? "" : ": " + state));
    return false;
  });
  progress.Clear();
  if (s.ok() || s.code() != Code::kTimeout) return s;
  return LocalError(fmt::format("timed out waiting for {}{}", type.ObjectName(key.name),
                                state.empty() ? "" : ": " + state));
}

Result<int> Up(Session& session, ComposeFlags flags) {
  if (flags.name.empty()) return LocalError("--name NAME of the application is required");
  GANTRY_TRY_SET(const Duration timeout, ParseTimeout(flags.timeout));
  GANTRY_TRY_SET(const ComposeInput input, ReadComposeInput(session.io(), flags.source));
  GANTRY_TRY_SET(const Mapper* mapper, session.mapper());
  GANTRY_TRY_SET(const ServedResource* type, mapper->Find(kApplications));
  GANTRY_TRY_SET(const std::string ns, session.ns());
  Object application(type->resource.gvk(), {ns, flags.name});
  Json& spec = application.mutable_spec();
  spec["cluster"] = flags.cluster;
  spec["compose"] = input.text;
  if (!input.parameters.empty()) spec["parameters"] = input.parameters;
  if (!flags.profiles.empty()) spec["profiles"] = flags.profiles;
  if (!flags.version.empty()) spec["version"] = flags.version;
  GANTRY_TRY_SET(const Applied applied, ApplyObject(session, *type, application, ApplyOptions()));
  session.io().out << type->ObjectName(flags.name) << " " << applied.change << std::endl;
  if (flags.detach && !flags.wait) return 0;
  GANTRY_TRY(AwaitReady(session, *type, application.key(), timeout));
  session.io().out << type->ObjectName(flags.name) << " is ready" << std::endl;
  return 0;
}

Result<int> Down(Session& session, const ComposeFlags& flags) {
  if (flags.name.empty()) return LocalError("--name NAME of the application is required");
  GANTRY_TRY_SET(const Duration timeout, ParseTimeout(flags.timeout));
  GANTRY_TRY_SET(const Mapper* mapper, session.mapper());
  GANTRY_TRY_SET(const ServedResource* type, mapper->Find(kApplications));
  GANTRY_TRY_SET(const ServedResource* containers, mapper->Find("containers.gantry.dev"));
  GANTRY_TRY_SET(const std::string ns, session.ns());
  GANTRY_TRY_SET(const client::Client* client, session.client());
  client::DeleteOptions options;
  options.propagation = client::Propagation::kForeground;
  GANTRY_TRY(client->Delete(session.ctx(), type->resource, {ns, flags.name}, options));
  session.io().out << "application.gantry.dev \"" << flags.name << "\" deleted" << std::endl;
  // Gone is when its containers are gone, which take the engine's with them.
  Progress progress(session.io());
  const Context ctx = session.ctx().WithTimeout(timeout);
  client::ListOptions own;
  own.label_selector = "gantry.dev/application=" + flags.name;
  while (true) {
    GANTRY_TRY_SET(const client::List left, client->ListAll(ctx, containers->resource, ns, own));
    const auto application = client->Get(ctx, type->resource, {ns, flags.name});
    if (!application.ok() && application.code() != Code::kNotFound) return application.error();
    if (left.items.empty() && !application.ok()) return 0;
    progress.Show(fmt::format("waiting for {} containers to be gone", left.items.size()));
    if (!ctx.SleepFor(std::chrono::milliseconds(250)).ok()) {
      return LocalError(
          fmt::format("timed out waiting for {} containers to be gone", left.items.size()));
    }
  }
}

}  // namespace

void AddCompose(const Command& root, Session* session) {
  const Command compose = root.Add("compose", "run a plain Compose file");
  auto flags = std::make_shared<ComposeFlags>();
  const Command up = compose.Add("up", "create or change the application of a Compose file",
                                 "kubectl-gantry compose up -f docker-compose.yml --name NAME");
  up.List("-f,--file", &flags->source.files,
          "a Compose file, or - for standard input; may be repeated, later ones win")
      .Text("--name", &flags->name, "the application's name")
      .Text("--cluster", &flags->cluster, "the Cluster to run in (default)")
      .Text("--version", &flags->version, "a name for this state of the file")
      .Text("--env-file", &flags->source.env_file,
            "KEY=VALUE lines for ${KEY}; .env beside the file otherwise")
      .List("--profile", &flags->profiles, "a profile whose services run; may be repeated")
      .List("--param", &flags->source.parameters, "KEY=VALUE for ${KEY}")
      .Flag("-d,--detach", &flags->detach, "do not wait until it is ready")
      .Flag("--wait", &flags->wait, "wait until it is ready (the default)")
      .Text("--timeout", &flags->timeout, "how long to wait (5m)");
  up.Runs([session, flags] { return Up(*session, *flags); });
  AddConvert(compose, session);
  const Command down = compose.Add("down", "delete the application and all that belongs to it",
                                   "kubectl-gantry compose down --name NAME");
  auto down_flags = std::make_shared<ComposeFlags>();
  down.Text("--name", &down_flags->name, "the application's name")
      .Text("--timeout", &down_flags->timeout, "how long to wait (5m)");
  down.Runs([session, down_flags] { return Down(*session, *down_flags); });
}

}  // namespace gantry::kubectl
