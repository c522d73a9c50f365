#pragma once

#include <atomic>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "apis/machinery/base/json.h"
#include "apis/machinery/base/mutex.h"
#include "controllers/drivers/docker/testing/stub_engine.h"
#include "controllers/drivers/docker/types.h"

// The world of the stub engine: what is on its host, without HTTP.
namespace gantry::docker {

// An answer of the Engine API.
struct StubAnswer {
  int status = 200;
  Json body;  // null: none
};

struct StubLogLine {
  OutputChannel channel;
  std::string text;
  int64_t time_nano;
};

class StubState {
 public:
  StubState() = default;
  ~StubState();

  StubAnswer CreateContainer(const std::string& name, Json config);
  StubAnswer ListContainers(const Json& filters);
  StubAnswer InspectContainer(const std::string& ref);
  StubAnswer StartContainer(const std::string& ref);
  StubAnswer StopContainer(const std::string& ref, int exit_code);
  StubAnswer KillContainer(const std::string& ref);
  StubAnswer RemoveContainer(const std::string& ref, bool force);
  StubAnswer UpdateContainer(const std::string& ref, const Json& body);
  StubAnswer RenameContainer(const std::string& ref, const std::string& name);
  StubAnswer WaitContainer(const std::string& ref, const std::atomic<bool>* closing);
  void Crash(const std::string& ref, int exit_code);
  void SetHealth(const std::string& ref, const std::string& status);

  void AddImage(const std::string& ref, bool healthcheck);
  void AddToRegistry(const std::string& ref);
  // The lines of the progress stream.
  std::vector<Json> Pull(const std::string& name, const std::string& tag);
  StubAnswer InspectImage(const std::string& ref);
  StubAnswer ListImages();
  StubAnswer TagImage(const std::string& ref, const std::string& target);
  StubAnswer RemoveImage(const std::string& ref);

  StubAnswer ListNetworks(const Json& filters);
  StubAnswer InspectNetwork(const std::string& ref);
  StubAnswer CreateNetwork(const Json& body);
  StubAnswer RemoveNetwork(const std::string& ref);
  void DuplicateNetwork(const std::string& ref);
  StubAnswer ConnectNetwork(const std::string& ref, const Json& body, bool connect);

  StubAnswer CreateVolume(const Json& body);
  StubAnswer InspectVolume(const std::string& name);
  StubAnswer ListVolumes(const Json& filters);
  StubAnswer RemoveVolume(const std::string& name);

  StubAnswer Info();

  // Log lines from the `from`-th on. With `follow`, blocks while there are none and the container
  // runs. `end` tells that no more will come.
  std::vector<StubLogLine> Logs(const std::string& ref, size_t from, bool follow,
                                const std::atomic<bool>* closing, bool* end);
  bool HasContainer(const std::string& ref);

  StubAnswer CreateExec(const std::string& container, Json body);
  // Empty when there is none.
  std::optional<Json> ExecBody(const std::string& id);
  void FinishExec(const std::string& id, int code);
  StubAnswer InspectExec(const std::string& id);

  // Events after the `*cursor`-th; blocks while there are none.
  std::vector<Json> EventsFrom(size_t* cursor, const std::atomic<bool>* closing);
  // The cursor of the first event at or after `since_nano`; of the next one for zero.
  size_t EventCursor(int64_t since_nano);
  void ForgetEvents();
  // Wakes everything that waits, to look at its `closing`.
  void WakeAll();

 private:
  struct Container;
  using ContainerPtr = std::shared_ptr<Container>;

  ContainerPtr FindLocked(const std::string& ref) REQUIRES(mu_);
  Json* FindImageLocked(const std::string& ref) REQUIRES(mu_);
  bool MountsVolumeLocked(const std::string& name) REQUIRES(mu_);
  Json* FindNetworkLocked(const std::string& ref) REQUIRES(mu_);
  // How many networks a container's NetworkMode may mean.
  size_t CountNetworksLocked(const std::string& ref) REQUIRES(mu_);
  // Whether a container runs on it: one that has only been created does not count.
  bool IsInUseLocked(const Json& network) REQUIRES(mu_);
  void EmitLocked(const char* type, const std::string& action, const std::string& id,
                  Json attributes) REQUIRES(mu_);
  void EmitLocked(const Container& c, const std::string& action) REQUIRES(mu_);
  StubAnswer BindPortsLocked(Container* c) REQUIRES(mu_);
  void LaunchLocked(const ContainerPtr& c) REQUIRES(mu_);
  void EndLocked(Container* c, int exit_code) REQUIRES(mu_);
  void Run(ContainerPtr c, int generation);
  std::string NewId();

  Mutex mu_;
  CondVar changed_;
  bool stopping_ GUARDED_BY(mu_) = false;
  std::vector<ContainerPtr> containers_ GUARDED_BY(mu_);
  std::vector<Json> images_ GUARDED_BY(mu_);
  std::vector<std::string> registry_ GUARDED_BY(mu_);
  std::vector<Json> networks_ GUARDED_BY(mu_);
  std::vector<Json> volumes_ GUARDED_BY(mu_);
  std::map<std::string, Json> execs_ GUARDED_BY(mu_);
  std::deque<Json> events_ GUARDED_BY(mu_);
  size_t events_dropped_ GUARDED_BY(mu_) = 0;
  int next_ip_ GUARDED_BY(mu_) = 2;
  int next_port_ GUARDED_BY(mu_) = 32768;
  std::list<std::thread> threads_ GUARDED_BY(mu_);
};

}  // namespace gantry::docker
