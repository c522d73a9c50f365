#include "controllers/container/plan.h"

#include <fmt/format.h>

#include "controllers/container/labels.h"

namespace gantry::container {
namespace {

using namespace std::chrono_literals;

// Told to stop, and so it did: it is started again where it stands.
constexpr char kPhaseStopped[] = "Stopped";

bool HasHash(const docker::ContainerDetails& c, const std::string& hash) {
  const auto it = c.labels.find(kEngineSpecHash);
  return it != c.labels.end() && it->second == hash;
}

// The one container to keep: of the right template, the one in the status first, then a running
// one.
const docker::ContainerDetails* Choose(const Wanted& want, const Observed& have) {
  const docker::ContainerDetails* best = nullptr;
  const auto rank = [&](const docker::ContainerDetails& c) {
    return (c.id == want.container_id ? 2 : 0) + (c.state.running ? 1 : 0);
  };
  for (const docker::ContainerDetails& c : have) {
    if (!HasHash(c, want.spec_hash) || c.state.status == "dead" || c.state.status == "removing")
      continue;
    if (!best || rank(c) > rank(*best)) best = &c;
  }
  return best;
}

// Whether a process that ended is to run again.
bool WantsRestart(const v1::ContainerTemplate& t, const docker::ContainerDetails& c) {
  if (t.restart_policy == "no") return false;
  if (t.restart_policy != "on-failure") return true;
  if (c.state.exit_code == 0) return false;
  return t.restart_max_retries == 0 || c.restart_count < t.restart_max_retries;
}

// The engine counts nanoseconds, a status whole seconds.
bool SameStart(const std::string& status_time, const std::string& engine_time) {
  const auto a = ParseTime(status_time);
  const auto b = ParseTime(engine_time);
  return a.ok() && b.ok() &&
         std::chrono::floor<std::chrono::seconds>(*a) ==
             std::chrono::floor<std::chrono::seconds>(*b);
}

std::string DescribeExit(const docker::ContainerState& s) {
  if (s.oom_killed) return fmt::format("killed for lack of memory (exit code {})", s.exit_code);
  return fmt::format("exited with code {}", s.exit_code);
}

void SetWaiting(Plan* plan, const char* phase, const char* reason, std::string message) {
  plan->phase = phase;
  plan->reason = reason;
  plan->message = std::move(message);
}

// A running container is ready by its health check, or after running for a while without one.
void JudgeRunning(const Wanted& want, const docker::ContainerDetails& c, WallTime now, Plan* plan) {
  plan->running = true;
  plan->phase = "Running";
  if (c.state.health == "starting") {
    return SetWaiting(plan, "Running", "HealthStarting", "waiting for the first healthy check");
  }
  if (c.state.health == "unhealthy") {
    return SetWaiting(plan, "Running", "Unhealthy",
                      c.state.health_output.empty()
                          ? "the health check fails"
                          : "the health check fails: " + c.state.health_output);
  }
  const bool has_check = c.state.health == "healthy";
  const bool seen = want.running_since && SameStart(want.started_at, c.state.started_at);
  const WallTime since = seen ? *want.running_since : now;
  const Duration left = has_check ? 0s : want.spec.min_ready_seconds * 1s - Between(since, now);
  if (left > 0s) {
    SetWaiting(plan, "Running", "JustStarted", "running, not yet for long enough");
    plan->requeue = runtime::Requeue::After(left);
    return;
  }
  plan->ready = true;
  plan->reason = has_check ? "Healthy" : "Running";
}

// One that is to be stopped. A process that had ended by itself stays as it ended.
void JudgeStopped(const Wanted& want, const docker::ContainerDetails& c, Plan* plan) {
  const std::string& status = c.state.status;
  if (status == "running" || status == "restarting" || status == "paused") {
    plan->step = Plan::Step::kStop;
    plan->step_id = c.id;
    return SetWaiting(plan, "Running", "Stopping", "is being stopped");
  }
  const bool ended = want.phase == "Exited" || want.phase == "Failed";
  if (ended && !WantsRestart(want.spec.tmpl, c))
    return SetWaiting(plan, want.phase.c_str(), "Stopped", DescribeExit(c.state));
  SetWaiting(plan, kPhaseStopped, "Stopped", "");
}

void JudgeExisting(const Wanted& want, const docker::ContainerDetails& c, WallTime now,
                   Plan* plan) {
  plan->current = &c;
  // The engine's own restarts and ours of the same container are one count.
  plan->restart_count = std::max(want.restart_count, c.restart_count);
  if (want.spec.stopped) return JudgeStopped(want, c, plan);
  const std::string& status = c.state.status;
  if (status == "running") return JudgeRunning(want, c, now, plan);
  if (status == "created") {
    plan->step = Plan::Step::kStart;
    plan->step_id = c.id;
    return SetWaiting(plan, "Creating", "Starting", c.state.error);
  }
  if (status == "paused") return SetWaiting(plan, "Running", "Paused", "paused on the host");
  if (status == "restarting") {
    return SetWaiting(plan, "Running", "Restarting",
                      DescribeExit(c.state) + "; the engine starts it again");
  }
  if (want.phase == kPhaseStopped) {
    plan->step = Plan::Step::kStart;
    plan->step_id = c.id;
    return SetWaiting(plan, kPhaseStopped, "Starting", c.state.error);
  }
  if (WantsRestart(want.spec.tmpl, c)) {
    // The engine gave up or was told to stop; after its own restart it does this by itself.
    const Duration left = kStoppedByOthers - Between(want.stopped_since.value_or(now), now);
    if (left > 0s) {
      plan->requeue = runtime::Requeue::After(left);
      return SetWaiting(plan, "Exited", "Stopped", DescribeExit(c.state));
    }
    plan->step = Plan::Step::kStart;
    plan->step_id = c.id;
    ++plan->restart_count;
    return SetWaiting(plan, "Exited", "Restarting", DescribeExit(c.state));
  }
  if (c.state.exit_code == 0) return SetWaiting(plan, "Exited", "Completed", DescribeExit(c.state));
  SetWaiting(plan, "Failed", "Failed", DescribeExit(c.state));
}

}  // namespace

Plan MakePlan(const Wanted& want, const Observed& have, WallTime now) {
  Plan plan;
  plan.restart_count = want.restart_count;
  if (want.deleting) {
    for (const docker::ContainerDetails& c : have) plan.remove.push_back(c.id);
    plan.release = true;
    SetWaiting(&plan, "Terminating", "Deleting", "");
    return plan;
  }
  const docker::ContainerDetails* keep = Choose(want, have);
  for (const docker::ContainerDetails& c : have) {
    if (&c != keep) plan.remove.push_back(c.id);
  }
  if (keep) {
    JudgeExisting(want, *keep, now, &plan);
    return plan;
  }
  if (want.spec.stopped) {
    SetWaiting(&plan, kPhaseStopped, "Stopped", "");
    return plan;
  }
  plan.step = Plan::Step::kCreate;
  if (!want.container_id.empty()) ++plan.restart_count;  // there was one: it is made again in place
  SetWaiting(&plan, "Creating", "Creating", "");
  return plan;
}

}  // namespace gantry::container
