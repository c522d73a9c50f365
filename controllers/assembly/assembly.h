#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apis/nodeproxy/node_streams.h"
#include "controllers/runtime/manager.h"

// Puts the controllers of a process together. Used by the `gantry` program and by tests.
namespace gantry::assembly {

class ControllerSet;

struct Options {
  runtime::TransportFactory transport;
  std::vector<std::string> only;  // names of ControllerNames(); empty: all
  // For RunElected alone: who we are among several processes, what the Lease shall say of us, and
  // who is told the hosts' streams when they can be used, and null before they go.
  std::string lease_identity;
  std::map<std::string, std::string> lease_annotations;
  std::function<void(std::shared_ptr<nodeproxy::NodeStreams>)> on_streams;
  // Likewise the set that runs, and null before it stops.
  std::function<void(const ControllerSet*)> on_running;
};

// The names for Options::only, in the order of starting.
std::vector<std::string> ControllerNames();

// Some or all controllers, with what they share.
class ControllerSet {
 public:
  // kBadRequest names a controller that does not exist and those that do. Nothing runs yet.
  static Result<std::unique_ptr<ControllerSet>> Create(Options options);
  virtual ~ControllerSet() = default;

  // Returns when all caches have synced and all controllers run.
  virtual Status Start(const Context& ctx) = 0;
  virtual void Stop() = 0;
  // Logs and exec of the hosts; null when the container controller is not among them. Usable
  // between Start and Stop.
  virtual std::shared_ptr<nodeproxy::NodeStreams> streams() = 0;
  // What controllers, informers and engines are busy with, for the debug page; no table has more
  // than `limit` rows. Between Start and Stop.
  virtual Json Describe(size_t limit) const = 0;
};

// Runs the controllers whenever this process holds their Lease (`gantry-controllers`, or
// `gantry-controllers-<names>` for some of them, in gantry-system), until `stop` is cancelled; an
// error when the lease was lost, so that the process ends and its supervisor starts it again.
Status RunElected(Options options, const Context& stop);

}  // namespace gantry::assembly
