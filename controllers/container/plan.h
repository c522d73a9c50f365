#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apis/gantry.dev/v1/types.h"
#include "controllers/drivers/docker/types.h"
#include "controllers/runtime/reconciler.h"

// What to do with one Container. Pure: no I/O, no clock.
namespace gantry::container {

struct Wanted {
  bool deleting = false;
  v1::ContainerSpec spec;
  std::string spec_hash;
  // From the object's status: what was last seen.
  std::string phase;
  std::string container_id;
  int restart_count = 0;
  std::string started_at;  // whole seconds
  // Since when, by our own clock, the container that started at `started_at` has been seen running.
  std::optional<WallTime> running_since;
  // Since when, by our own clock, it has been seen not to run.
  std::optional<WallTime> stopped_since;
};

// The engine's containers that carry the object's uid.
using Observed = std::vector<docker::ContainerDetails>;

struct Plan {
  enum class Step { kNone, kCreate, kStart, kStop };

  std::vector<std::string> remove;  // engine ids, stopped first, before anything else
  Step step = Step::kNone;          // then
  std::string step_id;              // kStart, kStop
  // Deletion: nothing is left after `remove`, the finalizer may go.
  bool release = false;

  // The status that follows from what was observed (a step may still change it).
  std::string phase;
  bool ready = false;
  std::string reason;  // of the Ready condition
  std::string message;
  bool running = false;
  int restart_count = 0;
  const docker::ContainerDetails* current = nullptr;  // into Observed
  runtime::Requeue requeue;
};

// How long a container that was stopped past Gantry is left to whoever stopped it: the engine,
// which ends or has just begun, or a `docker restart`. A start in the middle of that can leave it
// in a state in which it never starts again.
inline constexpr Duration kStoppedByOthers = std::chrono::seconds(5);

Plan MakePlan(const Wanted& want, const Observed& have, WallTime now);

}  // namespace gantry::container
