#include <gtest/gtest.h>

#include <thread>

#include "tests/controllers/drivers/docker/stub_fixture.h"

// What the client makes of an engine that misbehaves.
namespace gantry::docker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Faults : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> Connect(Duration call_timeout = seconds(30)) {
    auto engine = fixture_.Connect(call_timeout);
    EXPECT_TRUE(engine.ok());
    return *std::move(engine);
  }
  ContainerConfig Wish() {
    ContainerConfig c;
    c.name = "web-1";
    c.image = "gantry/sample-web:1.0";
    return c;
  }

  StubFixture fixture_;
  StubEngine* stub_ = fixture_.stub.get();
  const Context ctx_ = Context().WithTimeout(seconds(60));
};

TEST_F(Faults, HangingEngineIsATimeout) {
  auto engine = Connect(milliseconds(200));
  stub_->Inject("GET /v1.41/info", Fault::kHang, 1);
  EXPECT_EQ(engine->Info(ctx_).code(), Code::kTimeout);
  EXPECT_TRUE(engine->Info(ctx_).ok());
}

TEST_F(Faults, HangingPingIsATimeout) {
  auto engine = Connect(milliseconds(200));
  stub_->Inject("/_ping", Fault::kHang, 1);
  EXPECT_EQ(engine->Ping(ctx_).code(), Code::kTimeout);
  EXPECT_TRUE(engine->Ping(ctx_).ok());
}

TEST_F(Faults, CancelEndsAHangingCall) {
  auto engine = Connect();
  stub_->Inject("/info", Fault::kHang, 1);
  const Context ctx = ctx_.WithCancel();
  std::thread canceller([&] {
    while (stub_->CountRequests("/info") == 0) ctx_.SleepFor(milliseconds(5)).IgnoreError();
    ctx.Cancel();
  });
  EXPECT_EQ(engine->Info(ctx).code(), Code::kCancelled);
  canceller.join();
}

TEST_F(Faults, ServerErrorHasItsMessage) {
  auto engine = Connect();
  stub_->Inject("/containers/json", Fault::kError, 1);
  auto list = engine->ListContainers(ctx_, {});
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(list.code(), Code::kInternal);
  EXPECT_EQ(list.error().message, "injected");
}

TEST_F(Faults, DroppedConnectionIsUnavailable) {
  auto engine = Connect();
  ASSERT_TRUE(engine->Ping(ctx_).ok());
  stub_->Inject("POST /v1.41/containers/create", Fault::kDrop, 1);
  EXPECT_EQ(engine->CreateContainer(ctx_, Wish()).code(), Code::kUnavailable);
  EXPECT_EQ(stub_->CountRequests("/containers/create"), 1);  // a POST is never repeated
  EXPECT_TRUE(engine->CreateContainer(ctx_, Wish()).ok());
}

TEST_F(Faults, AnswerLostAfterTheWorkShowsAsConflict) {
  auto engine = Connect();
  stub_->Inject("/containers/create", Fault::kDropAfter, 1);
  EXPECT_EQ(engine->CreateContainer(ctx_, Wish()).code(), Code::kUnavailable);
  EXPECT_EQ(engine->CreateContainer(ctx_, Wish()).code(), Code::kConflict);
  EXPECT_TRUE(engine->InspectContainer(ctx_, "web-1").ok());
}

TEST_F(Faults, GetIsRepeatedOnADeadIdleConnection) {
  auto engine = Connect();
  ASSERT_TRUE(engine->Info(ctx_).ok());
  stub_->Inject("/info", Fault::kDrop, 1);
  EXPECT_TRUE(engine->Info(ctx_).ok());
}

TEST_F(Faults, DaemonRestartIsSurvived) {
  auto engine = Connect();
  ASSERT_TRUE(engine->Info(ctx_).ok());
  auto events = engine->Events(ctx_, {}, 0);
  ASSERT_TRUE(events.ok());
  stub_->Restart();
  EXPECT_EQ((*events)->Next().code(), Code::kUnavailable);
  EXPECT_TRUE(engine->CreateContainer(ctx_, Wish()).ok());
}

TEST_F(Faults, AnotherDaemonIsNegotiatedWith) {
  auto engine = Connect();
  ASSERT_TRUE(engine->Info(ctx_).ok());
  EXPECT_EQ(engine->api_version(), "1.41");
  stub_->SetApiVersion("1.40");
  stub_->Restart();
  ASSERT_TRUE(engine->Info(ctx_).ok());
  EXPECT_EQ(engine->api_version(), "1.40");
  stub_->SetApiVersion("1.99");
  stub_->Restart();
  ASSERT_TRUE(engine->Info(ctx_).ok());
  EXPECT_EQ(engine->api_version(), "1.47");
  // Without any broken connection, the refusal itself leads to a new agreement.
  stub_->SetApiVersion("1.43");
  ASSERT_TRUE(engine->Info(ctx_).ok());
  EXPECT_EQ(engine->api_version(), "1.43");
  stub_->SetApiVersion("1.24");
  stub_->Restart();
  EXPECT_EQ(engine->Info(ctx_).code(), Code::kInvalid);
}

TEST_F(Faults, DownIsUnavailableUntilUp) {
  auto engine = Connect();
  ASSERT_TRUE(engine->Ping(ctx_).ok());
  stub_->SetDown(true);
  EXPECT_EQ(engine->Info(ctx_).code(), Code::kUnavailable);
  EXPECT_EQ(engine->Ping(ctx_).code(), Code::kUnavailable);
  stub_->SetDown(false);
  EXPECT_TRUE(engine->Info(ctx_).ok());
}

TEST_F(Faults, PullFailsInItsStream) {
  auto engine = Connect();
  const Status missing = engine->PullImage(ctx_, "web:2", "", nullptr);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.code(), Code::kNotFound) << missing.error().message;
  stub_->AddToRegistry("web:2");
  EXPECT_TRUE(engine->PullImage(ctx_, "web:2", "", nullptr).ok());
  EXPECT_TRUE(engine->InspectImage(ctx_, "web:2").ok());
  // Never all tags.
  EXPECT_EQ(engine->PullImage(ctx_, "web", "", nullptr).code(), Code::kNotFound);
  EXPECT_EQ(stub_->CountRequests("fromImage=web&tag=latest"), 1);
}

TEST(Endpoints, AreChecked) {
  struct Row {
    const char* endpoint;
    bool insecure;
    const char* message;  // part of it; empty: fine
  };
  for (const Row& row :
       {Row{"unix:///x", false, ""}, Row{"tcp://h:2375", true, ""},
        Row{"tcp://[::1]:2375", true, ""}, Row{"tcp://h:2376", false, "needs TLS credentials"},
        Row{"tcp://h", true, "<host>:<port>"},
        Row{"http://h:1", true, "must start with 'unix://' or 'tcp://'"},
        Row{"unix://", false, "must name a path"}}) {
    EngineOptions options;
    options.endpoint = row.endpoint;
    options.insecure = row.insecure;
    auto engine = NewEngine(options);
    EXPECT_EQ(engine.ok(), *row.message == '\0') << row.endpoint;
    if (engine.ok()) continue;
    EXPECT_EQ(engine.code(), Code::kInvalid);
    EXPECT_NE(engine.error().message.find(row.message), std::string::npos)
        << engine.error().message;
  }
}

TEST(Endpoints, NobodyThereIsUnavailable) {
  for (const char* endpoint : {"unix:///nonexistent/docker.sock", "tcp://127.0.0.1:9"}) {
    EngineOptions options;
    options.endpoint = endpoint;
    options.insecure = true;
    auto engine = NewEngine(options);
    ASSERT_TRUE(engine.ok());
    const Status ping = (*engine)->Ping(Context().WithTimeout(seconds(10)));
    ASSERT_FALSE(ping.ok());
    EXPECT_EQ(ping.code(), Code::kUnavailable);
    EXPECT_NE(ping.error().message.find(endpoint), std::string::npos) << ping.error().message;
  }
}

TEST(Endpoints, BadTlsMaterialIsInvalid) {
  EngineOptions options;
  options.endpoint = "tcp://127.0.0.1:2376";
  options.tls = TlsMaterial{"no certificate", "none", "none"};
  auto engine = NewEngine(options);
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.code(), Code::kInvalid);
  EXPECT_NE(engine.error().message.find("ca.pem"), std::string::npos) << engine.error().message;
}

}  // namespace
}  // namespace gantry::docker
