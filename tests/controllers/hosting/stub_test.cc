#include <gtest/gtest.h>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/meta/condition.h"
#include "tests/controllers/drivers/docker/stub_fixture.h"
#include "tests/controllers/hosting/cases/world.h"

namespace gantry::testing {
namespace {

using namespace std::chrono_literals;
using docker::Fault;
using docker::StubFixture;

StubFixture* Shared() {
  static StubFixture fixture;
  return &fixture;
}

const bool kRegistered = RegisterHosting({"Stub", [] { return Shared()->stub->endpoint(); }});

// With an engine that misbehaves.
class Hosting : public ::testing::Test {
 protected:
  Hosting() : world_(host_.stub->endpoint()) {
    world_.StartControllers();
    world_.MakeNode("host-1", world_.endpoint);
  }

  StubFixture host_;
  World world_;
};

TEST_F(Hosting, LostAnswersMakeNoSecondContainer) {
  for (const char* call : {"/containers/create", "/start"}) {
    host_.stub->Inject(call, Fault::kDropAfter, 2);
    world_.MakeContainer("web");
    world_.AwaitReady("web");
    EXPECT_EQ(world_.OnHost("web").size(), 1u) << call;
    ASSERT_TRUE(world_.Delete(v1::kContainers, {"default", "web"}).ok());
    ASSERT_TRUE(world_.Eventually([&] {
      return world_.Gone(v1::kContainers, {"default", "web"});
    }));
  }
}

TEST_F(Hosting, FailingRemovalIsRepeated) {
  world_.MakeContainer("web");
  world_.AwaitReady("web");
  host_.stub->Inject("DELETE /v1.41/containers", Fault::kError, 3);
  ASSERT_TRUE(world_.Delete(v1::kContainers, {"default", "web"}).ok());
  EXPECT_TRUE(world_.Eventually([&] { return world_.Gone(v1::kContainers, {"default", "web"}); }));
  EXPECT_TRUE(world_.OnHost("web").empty());
}

TEST_F(Hosting, StuckHostStallsNoOther) {
  StubFixture stuck;
  stuck.stub->Inject("/containers", Fault::kHang, 1000000);
  world_.MakeNode("host-2", stuck.stub->endpoint());
  for (int i = 0; i < 8; ++i) {
    world_.MakeContainer("stuck-" + std::to_string(i), Json::object(), "host-2");
  }
  EXPECT_TRUE(world_.Eventually([&] { return stuck.stub->CountRequests("/containers") > 0; }));
  world_.MakeContainer("web");
  world_.AwaitReady("web");
  stuck.stub->Inject("/containers", Fault::kHang, 0);
  stuck.stub->Restart();
  world_.AwaitReady("stuck-7");
  for (int i = 0; i < 8; ++i) {
    const ObjectKey key{"default", "stuck-" + std::to_string(i)};
    ASSERT_TRUE(world_.Delete(v1::kContainers, key).ok());
    EXPECT_TRUE(world_.Eventually([&] { return world_.Gone(v1::kContainers, key); }));
  }
}

TEST_F(Hosting, HostComesBack) {
  world_.MakeContainer("web");
  const std::string id = GetString(world_.AwaitReady("web").status(), "containerID");
  host_.stub->SetDown(true);
  world_.Await("web", [](const Object& o) { return GetString(o.status(), "phase") == "Unknown"; });
  host_.stub->SetDown(false);
  EXPECT_EQ(GetString(world_.AwaitReady("web").status(), "containerID"), id);
  EXPECT_EQ(world_.OnHost("web").size(), 1u);
}

TEST_F(Hosting, OneOfTwoNetworksOfANameIsRemoved) {
  world_.MakeContainer("web");
  world_.AwaitReady("web");
  host_.stub->DuplicateNetwork("gantry_default_shop");
  world_.MakeContainer("api");
  world_.AwaitReady("api");
  auto networks = world_.engine->ListNetworks(world_.ctx, {});
  ASSERT_TRUE(networks.ok());
  EXPECT_EQ(std::count_if(networks->begin(), networks->end(),
                          [](const auto& n) { return n.name == "gantry_default_shop"; }),
            1);
}

TEST_F(Hosting, NoLaneStaysForANodeThatIsGone) {
  StubFixture other;
  world_.MakeNode("host-2", other.stub->endpoint());
  world_.MakeContainer("web", Json::object(), "host-2");
  world_.AwaitReady("web");
  ASSERT_TRUE(world_.Delete(v1::kNodes, {"", "host-2"}).ok());
  world_.Await("web", [](const Object& o) { return GetString(o.status(), "phase") == "Unknown"; });
  EXPECT_GT(other.stub->OpenConnections(), 0);
  ASSERT_TRUE(world_.Delete(v1::kContainers, {"default", "web"}).ok());
  EXPECT_TRUE(world_.Eventually([&] { return world_.Gone(v1::kContainers, {"default", "web"}); }));
  EXPECT_TRUE(world_.Eventually([&] { return other.stub->OpenConnections() == 0; }));
}

TEST_F(Hosting, HealthDecidesReadiness) {
  world_.MakeContainer("web", {{"healthcheck", {{"test", {"CMD", "true"}}}}});
  const auto reason = [](const Object& o) {
    const Json* ready = FindCondition(o.status(), "Ready");
    return ready ? GetString(*ready, "reason") : "";
  };
  const Object starting =
      world_.Await("web", [&](const Object& o) { return reason(o) == "HealthStarting"; });
  const std::string id = GetString(starting.status(), "containerID");
  host_.stub->SetHealth(id, "healthy");
  world_.AwaitReady("web");
  host_.stub->SetHealth(id, "unhealthy");
  world_.Await("web", [&](const Object& o) { return reason(o) == "Unhealthy"; });
}

TEST_F(Hosting, ImagesArePulledOnce) {
  host_.stub->AddToRegistry("shop/web:2");
  world_.MakeContainer("web", {{"image", "shop/web:2"}});
  world_.AwaitReady("web");
  world_.MakeContainer("api", {{"image", "shop/web:2"}});
  world_.AwaitReady("api");
  EXPECT_EQ(host_.stub->CountRequests("/images/create"), 1);
  EXPECT_EQ(GetString(world_.Get("web").status(), "imageDigest").rfind("sha256:", 0), 0u);
}

TEST_F(Hosting, TheNetworkIsLookedForOnce) {
  for (int i = 0; i < 6; ++i) world_.MakeContainer("web-" + std::to_string(i));
  for (int i = 0; i < 6; ++i) world_.AwaitReady("web-" + std::to_string(i));
  EXPECT_EQ(host_.stub->CountRequests("GET /v1.41/networks"), 1);
  EXPECT_EQ(host_.stub->CountRequests("/networks/create"), 1);
}

TEST_F(Hosting, ANetworkRemovedByHandComesBack) {
  world_.MakeContainer("web");
  world_.AwaitReady("web");
  const auto network = [&] {
    return world_.engine->InspectNetwork(world_.ctx, "gantry_default_shop");
  };
  const auto first = network();
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(world_.Eventually([&] {
    for (const auto& c : world_.OnHost("web"))
      world_.engine->RemoveContainer(world_.ctx, c.id, /*force=*/true).IgnoreError();
    return world_.engine->RemoveNetwork(world_.ctx, first->id).ok();
  }));
  EXPECT_TRUE(world_.Eventually([&] {
    const auto now = network();
    return now.ok() && now->id != first->id && !world_.OnHost("web").empty();
  }));
  world_.AwaitReady("web");
}

TEST_F(Hosting, SecretsReachOnlyTheEngine) {
  Object secret(v1::kSecrets.gvk(), {"default", "db"});
  secret.json()["stringData"] = {{"password", "hunter2"}};
  ASSERT_TRUE(world_.client.Create(world_.ctx, v1::kSecrets, secret).ok());
  world_.MakeContainer(
      "web", {{"env",
               {{{"name", "PW"},
                 {"valueFrom", {{"secretKeyRef", {{"name", "db"}, {"key", "password"}}}}}}}}});
  const Object ready = world_.AwaitReady("web");
  EXPECT_EQ(DumpJson(ready.json()).find("hunter2"), std::string::npos);
  auto details = world_.engine->InspectContainer(world_.ctx, world_.OnHost("web")[0].id);
  ASSERT_TRUE(details.ok());
  EXPECT_EQ(details->env, std::vector<std::string>{"PW=hunter2"});
}

}  // namespace
}  // namespace gantry::testing
