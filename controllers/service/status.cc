#include "controllers/service/status.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apis/gantry.dev/v1/resources.h"
#include "controllers/service/objects.h"

namespace gantry::service {
namespace {

// The first instance that says why it does not serve: `slot 2: pull image "x": not found`.
std::string FirstComplaint(const PlanInput& input) {
  for (const Instance& i : input.instances) {
    if (i.deleting || i.satisfied() || i.message.empty()) continue;
    return fmt::format("{}: {}", i.name, i.message);
  }
  return "";
}

std::string ReadyMessage(const PlanInput& input, const Counts& c) {
  std::string text = fmt::format("{} of {} containers ready", c.ready + c.completed, c.wanted);
  if (const std::string why = FirstComplaint(input); !why.empty()) text += "; " + why;
  return text;
}

// Quotas refuse with a text that Kubernetes' users know.
bool IsOverQuota(const Status& done) {
  return !done.ok() && done.code() == Code::kForbidden &&
         done.error().message.find(" quota: ") != std::string::npos;
}

void SetReady(const PlanInput& input, const Plan& plan, const Status& done,
              runtime::StatusPatch* patch) {
  const Counts& c = plan.counts;
  if (!done.ok()) {
    patch->SetCondition("Ready", false, IsOverQuota(done) ? "QuotaExceeded" : "ReconcileFailed",
                        done.error().message);
  } else if (input.spec.stopped) {
    patch->SetCondition("Ready", false, "Stopped",
                        c.replicas ? fmt::format("{} containers stop", c.replicas) : "stopped");
  } else if (plan.held_back) {
    patch->SetCondition("Ready", false, "WaitingForDependencies",
                        fmt::format("waits for {}", fmt::join(input.unmet, ", ")));
  } else if (c.settled < c.wanted) {
    patch->SetCondition("Ready", false, c.outdated ? "RolloutInProgress" : "ReplicasNotReady",
                        ReadyMessage(input, c));
  } else if (c.outdated > 0 || c.replicas > c.wanted) {
    patch->SetCondition("Ready", false, "RolloutInProgress",
                        fmt::format("{} containers are to go", c.replicas - c.wanted));
  } else if (input.looking) {
    patch->SetCondition("Ready", false, "RolloutInProgress", "looks for the newest image");
  } else {
    patch->SetCondition("Ready", true, "AllReplicasReady",
                        fmt::format("{} of {} containers ready", c.ready + c.completed, c.wanted));
  }
}

}  // namespace

bool IsRefused(const Status& done) {
  return !done.ok() && (done.code() == Code::kForbidden || done.code() == Code::kInvalid);
}

void SetServiceStatus(const PlanInput& input, const Plan& plan, const Status& done,
                      runtime::StatusPatch* patch) {
  const Counts& c = plan.counts;
  Json& status = patch->status();
  status["replicas"] = c.replicas;
  status["wantedReplicas"] = c.wanted;
  status["readyReplicas"] = c.ready;
  status["updatedReplicas"] = c.updated;
  status["completedReplicas"] = c.completed;
  status["summary"] = fmt::format("{}/{}", c.ready + c.completed, c.wanted);
  status["selector"] = fmt::format("{}={}", v1::kLabelService, input.service);
  status["currentRevision"] = input.revision;
  status["started"] = plan.started ? Json(true) : Json();
  status["vacancies"] = VacanciesToJson(plan.vacancies);
  SetReady(input, plan, done, patch);
  // As a ReplicaSet says it.
  if (IsRefused(done)) {
    patch->SetCondition("ReplicaFailure", true, "FailedCreate", done.error().message);
  } else {
    patch->RemoveCondition("ReplicaFailure");
  }

  const bool rolling =
      c.outdated > 0 || c.settled < c.wanted || c.replicas > c.wanted || input.looking;
  if (!rolling) {
    patch->SetCondition("Progressing", false, "Complete",
                        fmt::format("all containers are of {}", input.revision));
  } else {
    std::string text =
        fmt::format("{} of {} containers are of {} and serve", c.settled, c.wanted, input.revision);
    if (!plan.note.empty()) text += "; " + plan.note;
    patch->SetCondition("Progressing", true,
                        c.outdated || input.looking ? "RolloutInProgress" : "Starting", text);
  }
}

}  // namespace gantry::service
