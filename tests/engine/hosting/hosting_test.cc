#include <gtest/gtest.h>

#include "tests/controllers/hosting/cases/world.h"
#include "tests/engine/fixture/real_engine.h"

namespace gantry::testing {
namespace {

using namespace std::chrono_literals;
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

// A layer that is damaged on the host, as a crash in the wrong moment can leave it: the engine
// never starts that container again.
TEST(HostingOnDaemon, AContainerThatCannotStartIsReplaced) {
  ASSERT_TRUE(RealEngine::Available()) << "needs root, dockerd, docker and busybox";
  RealEngine daemon;
  World world(daemon.endpoint());
  world.StartControllers();
  world.MakeNode("host-1", daemon.endpoint());
  world.MakeContainer("web");
  const std::string first = GetString(world.AwaitReady("web").status(), "containerID");
  int rc = 0;
  const std::string out = docker::RunShell(
      fmt::format(
          "rm \"{0}/data/overlay2/$(cat {0}/data/image/overlay2/layerdb/mounts/{1}/mount-id)"
          "/lower\"",
          daemon.dir(), first),
      &rc);
  ASSERT_EQ(rc, 0) << out;
  ASSERT_TRUE(world.engine->StopContainer(world.ctx, first, 1s).ok());
  world.Await("web", [&](const Object& o) {
    return IsReady(o) && GetString(o.status(), "containerID") != first;
  });
  EXPECT_EQ(world.OnHost("web").size(), 1u);
  EXPECT_NE(world.AwaitEvent("Replaced"), "");
}

}  // namespace
}  // namespace gantry::testing
