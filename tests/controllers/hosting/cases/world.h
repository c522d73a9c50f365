#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controllers/container/node_streams.h"
#include "controllers/drivers/docker/docker.h"
#include "tests/envtest/envtest.h"

// What runs on hosts, from API object to engine: the Node, Container and Volume controllers between
// a whole API server and an engine. A test file says
//
//   const bool registered = testing::RegisterHosting({"Stub", ...});
//
// and gets one gtest `Hosting/<name>.<sentence>` for each case.
namespace gantry::testing {

// An engine that has the sample image.
struct HostingEngine {
  std::string name;
  std::function<std::string()> endpoint;
};

bool RegisterHosting(const HostingEngine& engine);

// An API server with a Node `host-1`, controllers that can be stopped and started, and a look at
// the engine past all of them. The destructor removes every Container through the API and checks
// that nothing stays on the host.
class World {
 public:
  explicit World(const std::string& endpoint);
  ~World();

  void StartControllers();
  // As when the process ends: nothing is cleaned up.
  void StopControllers();

  void MakeNode(const std::string& name, const std::string& endpoint);
  // `spec` is laid over a template of the sample server without ports.
  Object MakeContainer(const std::string& name, const Json& tmpl = Json::object(),
                       const std::string& node = "host-1");
  Object Get(const std::string& container);
  Status Delete(const client::Resource& kind, const ObjectKey& key);
  bool Gone(const client::Resource& kind, const ObjectKey& key);
  // Waits for a state of a Container, and fails the test with the last one seen.
  Object Await(const std::string& container, const std::function<bool(const Object&)>& done);
  Object AwaitReady(const std::string& container);
  // Waits until a core/v1 Event with this reason is there; its message.
  std::string AwaitEvent(const std::string& reason);
  bool Eventually(const std::function<bool()>& holds, Duration limit = std::chrono::seconds(30));

  // The engine's containers of a Container object.
  std::vector<docker::ContainerSummary> OnHost(const std::string& container);
  // All of this API server's containers there.
  std::vector<docker::ContainerSummary> AllOnHost();

  EnvTest env;
  client::Client client;
  const Context ctx;  // ends after two minutes
  const std::string endpoint;
  std::unique_ptr<docker::Engine> engine;
  std::unique_ptr<runtime::Manager> manager;
  std::unique_ptr<hosts::HostPool> hosts;
  std::unique_ptr<nodeproxy::NodeStreams> streams;
  std::string installation;
};

struct HostingCase {
  std::string name;
  std::function<void(World&)> run;
};
std::vector<HostingCase> ContainerCases();
std::vector<HostingCase> StreamCases();

// Keeps what a stream says.
class RecordingSink : public nodeproxy::StreamSink {
 public:
  bool OnData(nodeproxy::Channel channel, std::string_view bytes) override;
  void OnEnd(Result<int> result) override;
  // Waits for the end, at most half a minute.
  Result<int> Wait();
  std::string out();
  std::string err();

 private:
  Mutex mu_;
  CondVar changed_;
  std::string out_ GUARDED_BY(mu_);
  std::string err_ GUARDED_BY(mu_);
  std::optional<Result<int>> end_ GUARDED_BY(mu_);
};

bool IsReady(const Object& o);

}  // namespace gantry::testing
