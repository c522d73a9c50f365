#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "apis/gantry.dev/v1/container_template.h"
#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/yaml/yaml.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/print/table.h"
#include "kubectl-plugin/workloads.h"

// rollout status, history, undo, pause, resume and restart, as kubectl has them for its kinds.
namespace gantry::kubectl {
namespace {

struct RolloutFlags {
  std::vector<std::string> words;
  std::optional<int64_t> revision;  // history: show it; undo: go there
  std::string timeout = "5m";
};

// What an undo of an Application brings back, and a change of which makes a revision.
constexpr const char* kApplicationFields[] = {"version", "compose", "parameters", "parametersFrom",
                                              "profiles"};

int64_t RevisionNumber(const Object& revision) { return GetInt(revision.spec(), "revision"); }

// By number, the lowest first.
Result<std::vector<Object>> Revisions(Session& session, const Workload& workload) {
  GANTRY_TRY_SET(const Mapper* mapper, session.mapper());
  GANTRY_TRY_SET(const client::Client* client, session.client());
  GANTRY_TRY_SET(const ServedResource* type,
                 mapper->Find(workload.application ? "applicationrevisions.gantry.dev"
                                                   : "servicerevisions.gantry.dev"));
  client::ListOptions options;
  options.label_selector = fmt::format(
      "gantry.dev/{}={}", workload.application ? "application" : "service", workload.key.name);
  GANTRY_TRY_SET(client::List list,
                 client->ListAll(session.ctx(), type->resource, workload.key.ns, options));
  std::sort(list.items.begin(), list.items.end(),
            [](const Object& a, const Object& b) { return RevisionNumber(a) < RevisionNumber(b); });
  return std::move(list.items);
}

Result<Object> RevisionNumbered(const std::vector<Object>& revisions, int64_t number,
                                const std::string& whose) {
  for (const Object& r : revisions) {
    if (RevisionNumber(r) == number) return r;
  }
  return LocalError(fmt::format("{} has no revision {}", whose, number));
}

// What a service's revision came from, beside its template.
std::string CauseOf(const Object& revision) {
  if (const auto at = revision.annotation(v1::kAnnotationRescheduledAt); !at.empty())
    return fmt::format("rescheduled at {}", at);
  if (const auto at = revision.annotation(v1::kAnnotationRestartedAt); !at.empty())
    return fmt::format("restarted at {}", at);
  return "<none>";
}

void PrintHistory(Session& session, const Workload& workload, const Object& live,
                  const std::vector<Object>& revisions) {
  ColumnWriter columns(session.io().out);
  if (workload.application) {
    columns.Row({"REVISION", "VERSION", "SINCE"});
  } else {
    columns.Row({"REVISION", "IMAGE", "RUNS", "CAUSE"});
  }
  const std::string current = GetString(live.status(), "currentRevision");
  for (const Object& r : revisions) {
    const std::string number =
        fmt::format("{}{}", RevisionNumber(r), r.name() == current ? " (current)" : "");
    if (workload.application) {
      const std::string version = GetString(r.spec(), "version");
      columns.Row(
          {number, version.empty() ? "<none>" : version, GetString(r.meta(), "creationTimestamp")});
    } else {
      const std::string runs = GetString(r.spec(), "resolvedImage");
      columns.Row({number, GetString(GetObject(r.spec(), "template"), "image"),
                   runs.empty() ? "<none>" : runs, CauseOf(r)});
    }
  }
  columns.Flush();
}

Status History(Session& session, const Workload& workload, const RolloutFlags& flags) {
  GANTRY_TRY_SET(const client::Client* client, session.client());
  GANTRY_TRY_SET(const Object live,
                 client->Get(session.ctx(), workload.type->resource, workload.key));
  GANTRY_TRY_SET(const std::vector<Object> revisions, Revisions(session, workload));
  const std::string name = workload.type->ObjectName(workload.key.name);
  if (!flags.revision) {
    PrintHistory(session, workload, live, revisions);
    return OkStatus();
  }
  GANTRY_TRY_SET(const Object shown, RevisionNumbered(revisions, *flags.revision, name));
  session.io().out << yaml::ToYaml(shown.spec());
  return OkStatus();
}

void UndoService(const Object& revision, Object* service) {
  const Json& tmpl = GetObject(revision.spec(), "template");
  service->mutable_spec()["template"] = tmpl;
  const std::string runs = GetString(revision.spec(), "resolvedImage");
  if (!runs.empty())
    service->set_annotation(v1::kAnnotationPinnedImage, GetString(tmpl, "image") + " " + runs);
  // Its application leaves it so until it declares something else.
  if (const auto declared = service->annotation(v1::kAnnotationDeclaredTemplate); !declared.empty())
    service->set_annotation(v1::kAnnotationUndoneTemplate, std::string(declared));
}

void UndoApplication(const Object& revision, Object* application) {
  const bool had_version = !GetString(application->spec(), "version").empty();
  for (const char* field : kApplicationFields) {
    const Json& value = GetAny(revision.spec(), field);
    if (value.is_null()) {
      application->mutable_spec().erase(field);
    } else {
      application->mutable_spec()[field] = value;
    }
  }
  // What has versions keeps having them; this state is older than they are.
  if (had_version && GetString(application->spec(), "version").empty())
    application->mutable_spec()["version"] = fmt::format("revision-{}", RevisionNumber(revision));
}

// The template as it is meant: with its defaults, in one order.
std::string TemplateOf(const Object& o) {
  return DumpJson(v1::ContainerTemplate::From(GetObject(o.spec(), "template")).ToJson());
}

// The digest that a service is to run; empty: whatever its tag names.
std::string RunsImage(const Object& service, const std::vector<Object>& revisions) {
  const std::string image = GetString(GetObject(service.spec(), "template"), "image");
  const std::string pinned(service.annotation(v1::kAnnotationPinnedImage));
  if (pinned.rfind(image + " ", 0) == 0) return pinned.substr(image.size() + 1);
  for (const Object& r : revisions) {
    if (r.name() == GetString(service.status(), "currentRevision") &&
        TemplateOf(r) == TemplateOf(service))
      return GetString(r.spec(), "resolvedImage");
  }
  return "";
}

// Whether an undo to the revision would change nothing. The spec decides: the status may still
// speak of an earlier one, or of the last that could be carried out.
bool IsPresent(const Workload& workload, const Object& live, const Object& revision,
               const std::vector<Object>& revisions) {
  if (workload.application) {
    Object undone = live;
    UndoApplication(revision, &undone);
    return undone.spec() == live.spec();
  }
  if (TemplateOf(revision) != TemplateOf(live)) return false;
  const std::string was = GetString(revision.spec(), "resolvedImage");
  const std::string is = RunsImage(live, revisions);
  return was.empty() || is.empty() || was == is;
}

// The revision to go back to: the one that was asked for, or the newest that differs.
Result<Object> Aim(const std::vector<Object>& revisions, const Workload& workload,
                   const Object& live, const RolloutFlags& flags, const std::string& name) {
  if (flags.revision && *flags.revision > 0)
    return RevisionNumbered(revisions, *flags.revision, name);
  for (auto r = revisions.rbegin(); r != revisions.rend(); ++r) {
    if (!IsPresent(workload, live, *r, revisions)) return *r;
  }
  return LocalError(fmt::format("{} has no earlier revision to go back to", name));
}

Status Undo(Session& session, const Workload& workload, const RolloutFlags& flags) {
  constexpr int kTries = 5;  // against other writers
  GANTRY_TRY_SET(const client::Client* client, session.client());
  const std::string name = workload.type->ObjectName(workload.key.name);
  for (int tries = 1;; ++tries) {
    GANTRY_TRY_SET(Object object,
                   client->Get(session.ctx(), workload.type->resource, workload.key));
    if (GetBool(object.spec(), "paused"))
      return LocalError(fmt::format("{} is paused; resume it first", name));
    GANTRY_TRY_SET(const std::vector<Object> revisions, Revisions(session, workload));
    GANTRY_TRY_SET(const Object to, Aim(revisions, workload, object, flags, name));
    if (IsPresent(workload, object, to, revisions)) {
      session.io().out << fmt::format("{} skipped rollback (revision {} is the current one)\n",
                                      name, RevisionNumber(to));
      return OkStatus();
    }
    (workload.application ? UndoApplication : UndoService)(to, &object);
    const auto done = client->Update(session.ctx(), workload.type->resource, object);
    if (!done.ok() && done.code() == Code::kConflict && tries < kTries) continue;
    if (!done.ok()) return done.error();
    session.io().out << fmt::format("{} rolled back to revision {}", name, RevisionNumber(to))
                     << std::endl;
    return OkStatus();
  }
}

Status ShowRollout(Session& session, const Workload& workload, const RolloutFlags& flags) {
  GANTRY_TRY_SET(const client::Client* client, session.client());
  GANTRY_TRY_SET(const Object live,
                 client->Get(session.ctx(), workload.type->resource, workload.key));
  const std::string name = workload.type->ObjectName(workload.key.name);
  for (const char* held : {"paused", "stopped"}) {
    if (!GetBool(live.spec(), held)) continue;
    session.io().out << fmt::format("{} is {}", name, held) << std::endl;
    return OkStatus();
  }
  GANTRY_TRY(AwaitReadiness(session, workload, "True", "", flags.timeout));
  session.io().out << name << " successfully rolled out" << std::endl;
  return OkStatus();
}

Status SetPaused(Session& session, const Workload& workload, bool paused) {
  GANTRY_TRY_SET(const client::Client* client, session.client());
  const Json value = paused ? Json(true) : Json(nullptr);
  GANTRY_TRY(client->Patch(session.ctx(), workload.type->resource, workload.key,
                           client::PatchType::kMerge, {{"spec", {{"paused", value}}}}));
  session.io().out << workload.type->ObjectName(workload.key.name)
                   << (paused ? " paused" : " resumed") << std::endl;
  return OkStatus();
}

using Act = Status (*)(Session&, const Workload&, const RolloutFlags&);

Result<int> RunRollout(Session& session, const RolloutFlags& flags, Act act) {
  GANTRY_TRY_SET(const std::vector<Workload> workloads, SelectWorkloads(session, flags.words));
  int code = 0;
  for (const Workload& workload : workloads) {
    const Status s = act(session, workload, flags);
    if (s.ok()) continue;
    session.io().err << FormatError(s.error()) << "\n";
    code = 1;
  }
  return code;
}

}  // namespace

void AddRollout(const Command& root, Session* session) {
  const Command rollout =
      root.Add("rollout", "look at, undo, pause and resume changes of applications and services");
  const auto add = [&](const char* name, const char* help, Act act) {
    auto flags = std::make_shared<RolloutFlags>();
    const Command command = rollout.Add(
        name, help,
        fmt::format("kubectl-gantry rollout {} app/NAME|service/NAME|app/NAME/SERVICE...", name));
    command.Words(&flags->words, "applications and services");
    command.Runs([session, flags, act] { return RunRollout(*session, *flags, act); });
    return std::make_pair(command, flags);
  };
  const auto [status, status_flags] =
      add("status", "wait until a change has been carried out", ShowRollout);
  status.Text("--timeout", &status_flags->timeout, "how long to wait (5m)");
  const auto [history, history_flags] = add("history", "list the states that are kept", History);
  history.Number("--revision", &history_flags->revision, "show this one in full");
  const auto [undo, undo_flags] = add("undo", "go back to an earlier state", Undo);
  undo.Number("--to-revision", &undo_flags->revision, "to this one; else to the last");
  add("pause", "replace no container until it is resumed",
      [](Session& s, const Workload& w, const RolloutFlags&) { return SetPaused(s, w, true); });
  add("resume", "go on",
      [](Session& s, const Workload& w, const RolloutFlags&) { return SetPaused(s, w, false); });
  add("restart", "make all containers anew, a few at a time",
      [](Session& s, const Workload& w, const RolloutFlags&) { return RestartWorkload(s, w); });
}

}  // namespace gantry::kubectl
