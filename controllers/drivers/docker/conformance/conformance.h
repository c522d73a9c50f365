#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controllers/drivers/docker/docker.h"

// The contract of docker.h as tests, the same for the stub engine and for real daemons. A test file
// says
//
//   const bool registered = docker::RegisterConformance({"Stub", ...});
//
// and gets one gtest `EngineConformance/<name>.<sentence>` for each sentence of the contract.
namespace gantry::docker {

struct ConformanceEngine {
  std::string name;
  // A new client of the engine. Called at least once a test.
  std::function<Result<std::unique_ptr<Engine>>()> connect;
  // On the host already; has /bin/sh, and a server on port 80 as its command.
  std::string image = "gantry/sample-web:1.0";
};

// Registers the suite with gtest; true, so that a global may hold the call.
bool RegisterConformance(const ConformanceEngine& engine);

// What a case sees. Removes what it made at the end.
class ConformanceTest {
 public:
  ConformanceTest(const ConformanceEngine* config, std::unique_ptr<Engine> e);
  ~ConformanceTest();
  Engine* operator->() const { return engine.get(); }

  // A wish for a container that runs `line` in a shell, or the image's server when it is empty.
  ContainerConfig Config(const std::string& line = "") const;
  // Creates and starts.
  std::string Run(const ContainerConfig& config) const;
  // Waits until `done` says so of the container's details; fails after 20 s.
  ContainerDetails Await(const std::string& id,
                         const std::function<bool(const ContainerDetails&)>& done) const;
  std::string Name(const std::string& suffix) const { return tag + "-" + suffix; }
  // All output up to the end of `stream`, by channel.
  static std::string Collect(OutputStream* stream, std::string* errors = nullptr);

  const ConformanceEngine* const config;
  const Context ctx;  // ends after a minute
  const std::string tag;
  const StringMap labels;
  std::unique_ptr<Engine> engine;
};

struct ConformanceCase {
  std::string name;
  std::function<void(ConformanceTest&)> run;
};
using ConformanceCases = std::vector<ConformanceCase>;

// The parts, one file each.
ConformanceCases ContainerCases();
ConformanceCases ObjectCases();
ConformanceCases StreamCases();
ConformanceCases CallCases();

}  // namespace gantry::docker
