#include <fmt/format.h>

#include <ostream>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/base/clock.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/workloads.h"

// stop, activate, restart, redeploy and reschedule: each writes one field or annotation, which
// plain kubectl or a Git repository may do as well.
namespace gantry::kubectl {
namespace {

struct LifecycleFlags {
  std::vector<std::string> words;
  bool wait = false;
  std::string timeout = "5m";
};

struct LifecycleVerb {
  const char* name;
  const char* help;
  const char* done;        // of the output
  const char* annotation;  // set to now; null: none
  std::optional<bool> stopped;
};

const LifecycleVerb kVerbs[] = {
    {"stop", "stop all containers and keep them", "stopped", nullptr, true},
    {"activate", "start what was stopped", "activated", nullptr, false},
    {"restart",
     "make all containers anew, a few at a time",
     "restarted",
     v1::kAnnotationRestartedAt,
     {}},
    {"redeploy", "pull again, replace what changed, start what ended or was stopped", "redeployed",
     v1::kAnnotationRedeployedAt, false},
    {"reschedule",
     "make all containers anew, on other hosts where there are others",
     "rescheduled",
     v1::kAnnotationRescheduledAt,
     {}},
};

// A service cannot run while its application is stopped.
Status CheckApplication(Session& session, const Workload& workload) {
  if (workload.application) return OkStatus();
  GANTRY_TRY_SET(const client::Client* client, session.client());
  GANTRY_TRY_SET(const Object service,
                 client->Get(session.ctx(), workload.type->resource, workload.key));
  const std::string name(service.label(v1::kLabelApplication));
  if (name.empty()) return OkStatus();
  GANTRY_TRY_SET(const Mapper* mapper, session.mapper());
  GANTRY_TRY_SET(const ServedResource* applications, mapper->Find("applications.gantry.dev"));
  const auto application =
      client->Get(session.ctx(), applications->resource, {workload.key.ns, name});
  if (!application.ok() && application.code() != Code::kNotFound) return application.error();
  if (!application.ok() || !GetBool(application->spec(), "stopped")) return OkStatus();
  return LocalError(fmt::format(
      "application {} is stopped, and its services with it: activate app/{}", name, name));
}

Status RunVerb(Session& session, const LifecycleVerb& verb, const Workload& workload,
               const LifecycleFlags& flags) {
  GANTRY_TRY_SET(const client::Client* client, session.client());
  if (verb.stopped == false) GANTRY_TRY(CheckApplication(session, workload));
  Json patch = Json::object();
  if (verb.annotation != nullptr) {
    patch["metadata"]["annotations"][verb.annotation] = FormatMicroTime(Clock::Real()->Now());
  }
  if (verb.stopped) patch["spec"]["stopped"] = *verb.stopped ? Json(true) : Json(nullptr);
  GANTRY_TRY(client->Patch(session.ctx(), workload.type->resource, workload.key,
                           client::PatchType::kMerge, patch));
  session.io().out << workload.type->ObjectName(workload.key.name) << " " << verb.done << std::endl;
  if (!flags.wait) return OkStatus();
  const bool stop = verb.stopped == true;
  return AwaitReadiness(session, workload, stop ? "False" : "True", stop ? "Stopped" : "",
                        flags.timeout);
}

Result<int> RunLifecycle(Session& session, const LifecycleVerb& verb, const LifecycleFlags& flags) {
  GANTRY_TRY_SET(const std::vector<Workload> workloads, SelectWorkloads(session, flags.words));
  int code = 0;
  for (const Workload& workload : workloads) {
    const Status s = RunVerb(session, verb, workload, flags);
    if (s.ok()) continue;
    session.io().err << FormatError(s.error()) << "\n";
    code = 1;
  }
  return code;
}

}  // namespace

Status RestartWorkload(Session& session, const Workload& workload) {
  return RunVerb(session, kVerbs[2], workload, LifecycleFlags());
}

void AddLifecycle(const Command& root, Session* session) {
  for (const LifecycleVerb& verb : kVerbs) {
    auto flags = std::make_shared<LifecycleFlags>();
    const Command command = root.Add(
        verb.name, verb.help,
        fmt::format("kubectl-gantry {} app/NAME|service/NAME|app/NAME/SERVICE...", verb.name));
    command.Words(&flags->words, "applications and services")
        .Flag("--wait", &flags->wait, "wait until it is done")
        .Text("--timeout", &flags->timeout, "how long to wait (5m)");
    const LifecycleVerb* which = &verb;
    command.Runs([session, flags, which] { return RunLifecycle(*session, *which, *flags); });
  }
}

}  // namespace gantry::kubectl
