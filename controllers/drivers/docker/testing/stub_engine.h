#pragma once

#include <memory>
#include <string>

#include "apis/machinery/base/result.h"

namespace gantry::docker {

enum class Fault {
  kHang,       // reads the request and never answers
  kError,      // 500 with the message "injected"
  kDrop,       // closes the connection instead of answering
  kDropAfter,  // does the work, then closes the connection instead of answering
};

// An engine that keeps containers, images, networks and volumes in memory and speaks the Engine API
// on a unix socket, so that the real client code is exercised. Its containers run a tiny shell
// (StubShell), honour restart policies, take host ports away from each other and leave logs.
// Thread-safe. It passes the conformance suite that real daemons pass.
class StubEngine {
 public:
  // Listens on `socket_path`, which must not exist.
  static Result<std::unique_ptr<StubEngine>> Start(const std::string& socket_path);
  // Ends all containers and connections, and removes the socket.
  ~StubEngine();

  std::string endpoint() const;

  // An image is on the host. `server` makes it the sample web server, else its command ends at
  // once.
  void AddImage(const std::string& reference, bool healthcheck = false);
  // An image that a pull of `reference` brings.
  void AddToRegistry(const std::string& reference);
  void SetApiVersion(const std::string& version);
  // The next `times` requests whose `METHOD /path` contains `match` fail so; 0 ends it.
  void Inject(const std::string& match, Fault fault, int times);
  // The container's process ends with `exit_code`, as in a crash.
  void Crash(const std::string& container, int exit_code);
  void SetHealth(const std::string& container, const std::string& status);
  // A second network of the same name and labels, as older daemons make when asked twice at once.
  void DuplicateNetwork(const std::string& name);
  // The daemon goes and comes back: connections break, events are forgotten, containers stay.
  void Restart();
  // While down, connections are refused.
  void SetDown(bool down);
  // Requests whose `METHOD /path` contains `match`, since the start.
  int CountRequests(const std::string& match) const;
  int OpenConnections() const;

 private:
  struct Impl;
  explicit StubEngine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gantry::docker
