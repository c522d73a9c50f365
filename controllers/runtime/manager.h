#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controllers/runtime/controller.h"
#include "controllers/runtime/event_recorder.h"

namespace gantry::runtime {

// A transport that speaks as `user`, for example `system:gantry:controller:service`.
using TransportFactory = std::function<std::shared_ptr<client::Transport>(const std::string& user)>;

// The user and field manager of a controller.
std::string ControllerUser(std::string_view controller);

// Something else that lives with the controllers: started after the informers have synced, stopped
// before them.
class Runnable {
 public:
  virtual ~Runnable() = default;
  virtual Status Start() = 0;
  // Blocks until it has ended. Also called when Start was not.
  virtual void Stop() = 0;
};

// What a process of controllers shares: one informer per kind, and the order of starting and
// stopping. Build everything first, then Start; not thread-safe, except for InformerFor, ClientFor
// and RecorderFor.
class Manager {
 public:
  struct Options {
    TransportFactory transport;
    Clock* clock = Clock::Real();
    Random* random = Random::Real();
    Duration resync = std::chrono::minutes(10);  // of every informer; 0: none
  };
  explicit Manager(Options options);
  // Stops.
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  // A client with the identity of one controller.
  client::Client ClientFor(std::string_view controller) const;
  // The recorder of one controller; lives as long as the manager.
  EventRecorder* RecorderFor(std::string_view controller);
  // The shared informer of a kind; lives as long as the manager. One that is asked for after Start
  // is started at once.
  Informer* InformerFor(const client::Resource& resource);
  // Likewise one that keeps owners only (InformerOptions::ownership_only), for kinds of which there
  // are many and few are read.
  Informer* OwnershipInformerFor(const client::Resource& resource);
  // Either of them if there is one already, else null.
  Informer* FindInformer(const client::Resource& resource);

  // Takes a controller into the manager; the pointer is for Watch.
  Controller* Add(std::string name, std::unique_ptr<Reconciler> reconciler,
                  ControllerOptions options = {});
  void Add(std::unique_ptr<Runnable> runnable);

  // Starts informers, waits until they have synced (as long as `ctx` allows), then starts runnables
  // and controllers in the order of Add.
  Status Start(const Context& ctx);
  // Stops runnables and controllers in reverse order, then informers, then recorders.
  void Stop();

  // Shows a controller that somebody else owns and runs, as the lane of a host does, among the
  // manager's own in metrics and in Describe, as long as the result lives. `of` tells several of
  // one name apart. Thread-safe.
  std::shared_ptr<void> Show(const Controller* controller, std::string of);

  // What controllers and informers are busy with, for the debug page: at most `limit` keys of a
  // queue. Thread-safe after Start.
  Json Describe(size_t limit) const;

  Clock* clock() const { return options_.clock; }
  Random* random() const { return options_.random; }

 private:
  struct InformerId {
    client::Resource resource;
    bool ownership_only;
    auto operator<=>(const InformerId&) const = default;
  };
  Informer* InformerOf(InformerId id);
  void Collect(std::vector<prometheus::MetricFamily>* out) const;
  // Calls `fn` with each controller and what it is of; empty for the manager's own.
  void ForEachController(
      const std::function<void(const Controller&, const std::string& of)>& fn) const;

  const Options options_;

  mutable Mutex mu_;
  std::map<InformerId, std::unique_ptr<Informer>> informers_ GUARDED_BY(mu_);
  std::map<std::string, std::unique_ptr<EventRecorder>, std::less<>> recorders_ GUARDED_BY(mu_);
  bool started_ GUARDED_BY(mu_) = false;
  std::map<const Controller*, std::string> shown_ GUARDED_BY(mu_);

  std::vector<std::unique_ptr<Controller>> controllers_;
  std::vector<std::unique_ptr<Runnable>> runnables_;
  std::shared_ptr<void> collector_;
};

}  // namespace gantry::runtime
