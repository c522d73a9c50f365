#include "tests/controllers/hosting/cases/world.h"

#include <gtest/gtest.h>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/base/check.h"
#include "apis/machinery/meta/condition.h"
#include "controllers/container/container_controller.h"
#include "controllers/container/labels.h"
#include "controllers/node/node_controller.h"
#include "controllers/volume/volume_controller.h"
#include "tests/controllers/testing/controllers_fixture.h"

namespace gantry::testing {
namespace {

using namespace std::chrono_literals;

class Case : public ::testing::Test {
 public:
  Case(const HostingEngine& engine, HostingCase c) : engine_(engine), case_(std::move(c)) {}
  void TestBody() override {
    World world(engine_.endpoint());
    world.StartControllers();
    world.MakeNode("host-1", world.endpoint);
    case_.run(world);
  }

 private:
  const HostingEngine engine_;
  const HostingCase case_;
};

void Must(const Status& status) {
  if (!status.ok()) CheckFailed(__FILE__, __LINE__, status.error().message);
}

}  // namespace

bool IsReady(const Object& o) { return IsConditionTrue(o.status(), "Ready"); }

World::World(const std::string& e)
    : client(env.Client("test")), ctx(Context().WithTimeout(2min)), endpoint(e) {
  docker::EngineOptions options;
  options.endpoint = endpoint;
  auto made = docker::NewEngine(options);
  GANTRY_CHECK(made.ok());
  engine = *std::move(made);
  auto id = container::InstallationId(ctx, client);
  if (!id.ok()) {
    env.MakeNamespace(v1::kSystemNamespace);
    id = container::InstallationId(ctx, client);
  }
  GANTRY_CHECK(id.ok());
  installation = *id;
}

World::~World() {
  auto left = client.ListAll(ctx, v1::kContainers, "", {});
  if (left.ok()) {
    for (const Object& o : left->items) Delete(v1::kContainers, o.key()).IgnoreError();
    EXPECT_TRUE(Eventually([&] {
      auto now = client.ListAll(ctx, v1::kContainers, "", {});
      return now.ok() && now->items.empty();
    })) << "containers stay in the API";
  }
  EXPECT_EQ(AllOnHost().size(), 0u) << "containers stay on the host";
  StopControllers();
}

void World::StartControllers() {
  manager = std::make_unique<runtime::Manager>(ManagerOptions(&env));
  hosts = std::make_unique<hosts::HostPool>(
      manager->ClientFor("node"), &manager->InformerFor(v1::kNodes)->lister(), docker::NewEngine);
  node::AddNodeController(manager.get(), hosts.get());
  container::AddContainerController(manager.get(), hosts.get());
  volume::AddVolumeController(manager.get(), hosts.get());
  streams = container::MakeNodeStreams(manager.get(), hosts.get());
  Must(manager->Start(ctx));
}

void World::StopControllers() {
  if (!manager) return;
  manager->Stop();
  streams.reset();
  manager.reset();
  hosts.reset();
}

void World::MakeNode(const std::string& name, const std::string& at) {
  Object node(v1::kNodes.gvk(), {"", name});
  node.mutable_spec() = {{"endpoint", at}, {"insecure", true}};
  const auto made = client.Create(ctx, v1::kNodes, node);
  EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
}

Object World::MakeContainer(const std::string& name, const Json& tmpl, const std::string& node) {
  Object o(v1::kContainers.gvk(), {"default", name});
  o.set_label(v1::kLabelApplication, "shop");
  o.set_label(v1::kLabelService, "shop-web");
  o.set_label(v1::kLabelComposeService, "web");
  o.set_label(v1::kLabelSlot, "1");
  Json t = {{"image", "gantry/sample-web:1.0"}, {"stopGracePeriodSeconds", 1}};
  t.merge_patch(tmpl);
  o.mutable_spec() = {{"nodeName", node}, {"minReadySeconds", 0}, {"template", std::move(t)}};
  auto made = client.Create(ctx, v1::kContainers, o);
  EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
  return made.ok() ? *std::move(made) : Object();
}

Object World::Get(const std::string& name) {
  auto got = client.Get(ctx, v1::kContainers, {"default", name});
  return got.ok() ? *std::move(got) : Object();
}

Status World::Delete(const client::Resource& kind, const ObjectKey& key) {
  GANTRY_TRY(client.Delete(ctx, kind, key));
  return OkStatus();
}

bool World::Gone(const client::Resource& kind, const ObjectKey& key) {
  const auto got = client.Get(ctx, kind, key);
  return !got.ok() && got.code() == Code::kNotFound;
}

bool World::Eventually(const std::function<bool()>& holds, Duration limit) {
  return testing::Eventually(ctx.WithTimeout(limit), holds);
}

Object World::Await(const std::string& name, const std::function<bool(const Object&)>& done) {
  Object last;
  const bool came = Eventually([&] {
    last = Get(name);
    return done(last);
  });
  EXPECT_TRUE(came) << name << " stayed " << DumpJson(last.status());
  return last;
}

Object World::AwaitReady(const std::string& name) { return Await(name, IsReady); }

std::string World::AwaitEvent(const std::string& reason) {
  std::string message;
  const bool came = Eventually([&] {
    auto events = client.ListAll(ctx, v1::kEvents, "", {});
    if (!events.ok()) return false;
    for (const Object& e : events->items) {
      if (GetString(e.json(), "reason") != reason) continue;
      message = GetString(e.json(), "message");
      return true;
    }
    return false;
  });
  EXPECT_TRUE(came) << "no event " << reason;
  return message;
}

std::vector<docker::ContainerSummary> World::OnHost(const std::string& name) {
  auto list = engine->ListContainers(
      ctx, {{{container::kEngineInstallation, installation}, {container::kEngineName, name}}});
  EXPECT_TRUE(list.ok()) << (list.ok() ? "" : list.error().message);
  return list.ok() ? *std::move(list) : std::vector<docker::ContainerSummary>();
}

std::vector<docker::ContainerSummary> World::AllOnHost() {
  auto list = engine->ListContainers(ctx, container::FilterForAll(installation));
  EXPECT_TRUE(list.ok()) << (list.ok() ? "" : list.error().message);
  return list.ok() ? *std::move(list) : std::vector<docker::ContainerSummary>();
}

bool RecordingSink::OnData(nodeproxy::Channel channel, std::string_view bytes) {
  MutexLock lock(&mu_);
  (channel == nodeproxy::Channel::kStderr ? err_ : out_).append(bytes);
  changed_.SignalAll();
  return true;
}

void RecordingSink::OnEnd(Result<int> result) {
  MutexLock lock(&mu_);
  EXPECT_FALSE(end_.has_value()) << "ended twice";
  end_ = std::move(result);
  changed_.SignalAll();
}

Result<int> RecordingSink::Wait() {
  const MonoTime until = Clock::Real()->Mono() + 30s;
  MutexLock lock(&mu_);
  while (!end_) {
    if (!changed_.WaitUntil(&mu_, until)) return Error(Code::kTimeout, "the stream did not end");
  }
  return *end_;
}

std::string RecordingSink::out() {
  MutexLock lock(&mu_);
  return out_;
}

std::string RecordingSink::err() {
  MutexLock lock(&mu_);
  return err_;
}

bool RegisterHosting(const HostingEngine& engine) {
  for (const std::vector<HostingCase>& part : {ContainerCases(), StreamCases()}) {
    for (const HostingCase& c : part) {
      ::testing::RegisterTest(("Hosting/" + engine.name).c_str(), c.name.c_str(), nullptr, nullptr,
                              __FILE__, __LINE__,
                              [engine, c]() -> ::testing::Test* { return new Case(engine, c); });
    }
  }
  return true;
}

}  // namespace gantry::testing
