#include <gtest/gtest.h>

#include "tests/controllers/hosting/cases/world.h"
#include "tests/engine/fixture/real_engine.h"

namespace gantry::testing {
namespace {

using docker::RealEngine;

std::unique_ptr<RealEngine> shared;

// One daemon for all cases, ended before main returns.
class SharedEngine : public ::testing::Environment {
 public:
  void SetUp() override {
    ASSERT_TRUE(RealEngine::Available()) << "needs root, dockerd, docker and busybox";
    shared = std::make_unique<RealEngine>();
  }
  void TearDown() override { shared.reset(); }
};

const bool kRegistered = (::testing::AddGlobalTestEnvironment(new SharedEngine),
                          RegisterHosting({"Real", [] { return shared->endpoint(); }}));

// The daemon ends and starts again under running controllers: the same containers, none twice.
TEST(HostingOnDaemon, RestartKeepsContainers) {
  ASSERT_TRUE(RealEngine::Available()) << "needs root, dockerd, docker and busybox";
  RealEngine daemon;
  World world(daemon.endpoint());
  world.StartControllers();
  world.MakeNode("host-1", daemon.endpoint());
  for (const char* name : {"web", "api"}) world.MakeContainer(name);
  const std::string web = GetString(world.AwaitReady("web").status(), "containerID");
  const std::string api = GetString(world.AwaitReady("api").status(), "containerID");
  for (const char* how : {"stop-daemon", "kill"}) {
    daemon.Control(how);
    world.Await("web", [](const Object& o) { return !IsReady(o); });
    daemon.Control("start");
    EXPECT_EQ(GetString(world.AwaitReady("web").status(), "containerID"), web) << how;
    EXPECT_EQ(GetString(world.AwaitReady("api").status(), "containerID"), api) << how;
    EXPECT_EQ(world.AllOnHost().size(), 2u) << how;
  }
}

}  // namespace
}  // namespace gantry::testing
