#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apis/gantry.dev/v1/types.h"

// What the Service controller decides. Pure: no I/O, no clock, no chance.
namespace gantry::service {

// One Container object of the service, as seen.
struct Instance {
  std::string name;
  std::string uid;
  int slot = 0;
  std::string revision;
  std::string node;  // empty: not placed
  bool deleting = false;
  bool ready = false;
  bool started = false;      // runs, or ran
  bool completed = false;    // ended with success and is not started again
  bool ended = false;        // does not run and is not started again by its host
  bool stopped = false;      // is told to stop
  bool halted = false;       // and did
  bool node_gone = false;    // its Node object does not exist
  bool node_silent = false;  // its Node is not Ready
  std::string rescheduled;   // the reschedule that it was made for
  std::string message;       // what it waits for or why it failed

  // It does what it is for.
  bool satisfied() const { return ready || completed; }
};

// A slot whose instance goes away: what its successor should know. Kept in the service's status, so
// that it outlives the object and this process.
struct Vacancy {
  int slot = 0;
  std::string node;
  std::string uid;          // of the predecessor
  std::string rescheduled;  // the reschedule that it was made for
  auto operator<=>(const Vacancy&) const = default;
};

struct NodeView {
  std::string name;
  bool schedulable = false;  // Ready, not cordoned, not going away
};

struct PlanInput {
  std::string service;
  std::string uid;
  v1::ServiceSpec spec;
  std::string revision;      // the wanted one
  std::string rescheduled;   // instances that were made for another value leave their nodes
  bool renew_ended = false;  // instances that ended are made anew
  bool looking = false;      // for a newer image; a rollout that may have nothing to replace
  std::vector<Instance> instances;
  std::vector<Vacancy> vacancies;  // of the last status
  std::vector<NodeView> nodes;     // of the service's cluster; used by mode Global
  bool started = false;            // the first container was made before
  std::vector<std::string> unmet;  // dependencies that hold the first creation back, for people
};

struct Create {
  std::string name;
  int slot = 0;
  std::string node;            // Global: bound at once; else empty
  std::string preferred_node;  // empty: none
  std::string avoided_node;    // empty: none
};

// An instance that is to stop, or to run again, in place.
struct Switch {
  std::string name;
  bool stop = false;
};

struct Delete {
  std::string name;
  std::string uid;
  std::string why;  // for people: `scaled down`
};

struct Counts {
  int wanted = 0;
  int replicas = 0;  // exist, are not going away and did not stop
  int ready = 0;
  int completed = 0;
  int updated = 0;   // of the wanted revision
  int settled = 0;   // wanted places with a satisfied instance of the wanted revision
  int outdated = 0;  // of another revision, not going away
};

struct Plan {
  std::vector<Create> creates;
  std::vector<Delete> deletes;
  std::vector<Switch> switches;
  std::vector<Vacancy> vacancies;
  Counts counts;
  bool started = false;
  bool held_back = false;  // by `unmet`
  // Says when the rollout does not do what the strategy asks for; empty otherwise.
  std::string note;
};

// The next steps from here, which are safe to take all at once:
// - as many places as wanted: slots 1..replicas, or one for each schedulable node (Global);
// - no place gets a second instance of one revision;
// - Rolling replaces at most maxInFlight places at a time, instances that do not serve first;
// - with two or more replicas the last ready one is never stopped by a rollout;
// - an instance that shares data or a fixed host port with its successor is gone before that
// starts;
// - Recreate makes nothing before all old instances are gone;
// - scaling down takes the highest slots;
// - a stopped service keeps its instances, stopped, and makes none;
// - a paused one replaces none.
Plan MakePlan(const PlanInput& input);

// Text form for golden tests and debug logs: one step a line.
std::string Describe(const Plan& plan);

// A successor may run beside its predecessor: StartFirst is asked for, and they share neither
// writable data nor a fixed host port.
bool MayStartFirst(const v1::ServiceSpec& spec);

// Five characters from `seed`, from the alphabet of generated names.
std::string StableSuffix(std::string_view seed, size_t length);

}  // namespace gantry::service
