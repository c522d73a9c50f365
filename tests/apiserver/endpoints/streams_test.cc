#include <gtest/gtest.h>

#include <thread>

#include "apiserver/endpoints/exec_socket.h"
#include "apiserver/endpoints/log_stream.h"
#include "apiserver/filters/filters.h"
#include "tests/apiserver/endpoints/raw_client.h"

namespace gantry::testing {
namespace {

using apiserver::BodyStream;
using nodeproxy::Channel;

// Collects frames; Wait blocks until there are enough.
class FakePeer : public apiserver::WebSocketPeer {
 public:
  bool Send(std::string frame, bool) override {
    MutexLock lock(&mu_);
    frames_.push_back(std::move(frame));
    changed_.SignalAll();
    return !closed_;
  }
  size_t queued() const override {
    MutexLock lock(&mu_);
    return queued_;
  }
  // As if the connection took nothing, or everything again.
  void set_queued(size_t bytes) {
    MutexLock lock(&mu_);
    queued_ = bytes;
  }
  void Close() override {
    MutexLock lock(&mu_);
    closed_ = true;
    changed_.SignalAll();
  }
  std::vector<std::string> WaitFor(size_t count) {
    MutexLock lock(&mu_);
    while (frames_.size() < count) changed_.Wait(&mu_);
    return frames_;
  }
  void WaitForClose() {
    MutexLock lock(&mu_);
    while (!closed_) changed_.Wait(&mu_);
  }

  size_t frames() const {
    MutexLock lock(&mu_);
    return frames_.size();
  }

 private:
  mutable Mutex mu_;
  CondVar changed_;
  size_t queued_ = 0;
  std::vector<std::string> frames_;
  bool closed_ = false;
};

// A process that repeats its standard input, and ends with the code that it is told to.
class EchoHandle : public nodeproxy::StreamHandle {
 public:
  explicit EchoHandle(std::shared_ptr<nodeproxy::StreamSink> sink) : sink_(std::move(sink)) {}
  Status WriteStdin(std::string_view bytes) override {
    if (bytes.substr(0, 5) == "exit ") {
      sink_->OnEnd(std::stoi(std::string(bytes.substr(5))));
    } else {
      sink_->OnData(Channel::kStderr, bytes);
    }
    return OkStatus();
  }
  void CloseStdin() override { sink_->OnEnd(0); }
  Status Resize(int width, int height) override {
    sink_->OnData(Channel::kStdout, std::to_string(width) + "x" + std::to_string(height));
    return OkStatus();
  }

 private:
  const std::shared_ptr<nodeproxy::StreamSink> sink_;
};

class FakeStreams : public nodeproxy::NodeStreams {
 public:
  Result<std::unique_ptr<nodeproxy::StreamHandle>> Logs(
      const Context&, const ObjectKey& container, const nodeproxy::LogOptions& options,
      std::shared_ptr<nodeproxy::StreamSink> sink) override {
    if (container.name == "gone") return Error(Code::kNotFound, "no container");
    sink->OnData(Channel::kStdout,
                 "tail " + std::to_string(options.tail_lines.value_or(-1)) + "\n");
    sink->OnEnd(0);
    return std::make_unique<EchoHandle>(sink);
  }
  Result<std::unique_ptr<nodeproxy::StreamHandle>> Exec(
      const Context&, const ObjectKey&, const nodeproxy::ExecOptions& options,
      std::shared_ptr<nodeproxy::StreamSink> sink) override {
    if (options.command[0] == "missing") return Error(Code::kNotFound, "no such command");
    sink->OnData(Channel::kStdout, options.command[0]);
    return std::make_unique<EchoHandle>(sink);
  }
};

std::string Framed(int channel, const std::string& text) {
  return std::string(1, static_cast<char>(channel)) + text;
}

class Streams : public ::testing::Test {
 protected:
  Streams() {
    const Json container = {{"apiVersion", "gantry.dev/v1"},
                            {"kind", "Container"},
                            {"metadata", {{"name", "c"}}},
                            {"spec", {{"template", {{"image", "i"}}}}}};
    const RawAnswer made = raw_.Do("POST", path_, container.dump());
    EXPECT_EQ(made.status, 201) << made.text;
  }
  // The handler's answer to a WebSocket request.
  apiserver::Response Upgrade(const std::string& path, const std::string& query,
                              const std::string& protocol) {
    request_.method = "GET";
    request_.path = path;
    request_.query = apiserver::Query::Parse(query);
    if (!protocol.empty()) request_.headers.Set("Sec-WebSocket-Protocol", protocol);
    request_.websocket = true;
    request_.info = apiserver::ParseRequestInfo("GET", path, request_.query);
    return RunBlocking(env_.core().handler()(request_));
  }

  FakeStreams streams_;
  EnvTest env_{&streams_};
  RawClient raw_{&env_};
  apiserver::Request request_;
  const std::string path_ = "/apis/gantry.dev/v1/namespaces/default/containers";
};

TEST_F(Streams, Logs) {
  const RawAnswer logs = raw_.Get(path_ + "/c/log?tailLines=5");
  EXPECT_EQ(logs.status, 200) << logs.text;
  EXPECT_EQ(logs.text, "tail 5\n");
  EXPECT_EQ(logs.header("Content-Type"), "text/plain");
  EXPECT_EQ(raw_.Get(path_ + "/none/log").status, 404);
  EXPECT_EQ(raw_.Get(path_ + "/c/log?tailLines=x").status, 400);
}

TEST_F(Streams, ExecSpeaksTheChannelProtocol) {
  auto response = Upgrade(path_ + "/c/exec", "command=hello&stdin=1&stdout=1&stderr=1",
                          "v5.channel.k8s.io, v4.channel.k8s.io");
  ASSERT_TRUE(response.websocket) << response.body;
  EXPECT_EQ(response.websocket_protocol, "v5.channel.k8s.io");
  const auto peer = std::make_shared<FakePeer>();
  response.websocket->OnOpen(peer);
  response.websocket->OnMessage(Framed(0, "text"), true);
  response.websocket->OnMessage(Framed(4, R"({"Width":80,"Height":24})"), true);
  response.websocket->OnMessage(Framed(0, "exit 3"), true);
  const std::vector<std::string> frames = peer->WaitFor(5);
  EXPECT_EQ(frames[0], Framed(1, ""));
  EXPECT_EQ(frames[1], Framed(1, "hello"));
  EXPECT_EQ(frames[2], Framed(2, "text"));
  EXPECT_EQ(frames[3], Framed(1, "80x24"));
  ASSERT_EQ(frames[4][0], 3);
  const Json status = Json::parse(frames[4].substr(1));
  EXPECT_EQ(status["reason"], "NonZeroExitCode");
  EXPECT_EQ(status["details"]["causes"][0]["reason"], "ExitCode");
  EXPECT_EQ(status["details"]["causes"][0]["message"], "3");
  peer->WaitForClose();
  response.websocket->OnClose();
}

TEST_F(Streams, ExecThatDoesNotStartEndsWithItsError) {
  auto response = Upgrade(path_ + "/c/exec", "command=missing&stdout=1", "v4.channel.k8s.io");
  ASSERT_TRUE(response.websocket) << response.body;
  const auto peer = std::make_shared<FakePeer>();
  response.websocket->OnOpen(peer);
  const std::vector<std::string> frames = peer->WaitFor(2);
  EXPECT_EQ(Json::parse(frames[1].substr(1))["message"], "no such command");
  response.websocket->OnClose();
}

TEST_F(Streams, ExecWithoutWebSocketIsAClear400) {
  const RawAnswer answer = raw_.Do("POST", path_ + "/c/exec?command=x&stdout=1");
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.text.find("v5.channel.k8s.io"), std::string::npos);
  EXPECT_EQ(Upgrade(path_ + "/c/exec", "command=x&stdout=1", "").status, 400);
  EXPECT_EQ(Upgrade(path_ + "/c/exec", "stdout=1", "v4.channel.k8s.io").status, 400);
}

// Headlamp watches in no other way.
TEST_F(Streams, SilentKillerNoWebSocketWatch) {
  auto response = Upgrade(path_, "watch=1", "");
  ASSERT_TRUE(response.websocket) << response.body;
  const auto peer = std::make_shared<FakePeer>();
  response.websocket->OnOpen(peer);
  EXPECT_EQ(Json::parse(peer->WaitFor(1)[0])["type"], "ADDED");
  EXPECT_EQ(raw_.Do("DELETE", path_ + "/c").status, 200);
  EXPECT_EQ(Json::parse(peer->WaitFor(2)[1])["type"], "DELETED");
  response.websocket->OnClose();
}

TEST_F(Streams, WatchOverWebSocketInEachForm) {
  struct Case {
    const char* accept;
    const char* kind;
  };
  const Case cases[] = {
      {"application/json;as=Table;g=meta.k8s.io;v=v1", "Table"},
      {"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", "PartialObjectMetadata"},
      {"application/json", "Container"},
  };
  for (const Case& c : cases) {
    request_.headers.Set("Accept", c.accept);
    auto response = Upgrade(path_,
                            "watch=1&allowWatchBookmarks=true&sendInitialEvents=true&"
                            "resourceVersionMatch=NotOlderThan",
                            "");
    ASSERT_TRUE(response.websocket) << response.body;
    const auto peer = std::make_shared<FakePeer>();
    response.websocket->OnOpen(peer);
    const std::vector<std::string> frames = peer->WaitFor(2);
    // One event is one frame.
    for (const std::string& frame : frames) {
      EXPECT_EQ(Json::parse(frame)["object"]["kind"], c.kind) << frame;
    }
    EXPECT_EQ(Json::parse(frames[0])["type"], "ADDED");
    EXPECT_EQ(Json::parse(frames[1])["type"], "BOOKMARK");
    response.websocket->OnClose();
  }
}

TEST_F(Streams, AWatchWaitsForAPeerThatReadsSlowly) {
  auto response = Upgrade(path_, "watch=1", "");
  ASSERT_TRUE(response.websocket) << response.body;
  const auto peer = std::make_shared<FakePeer>();
  peer->set_queued(2 << 20);
  response.websocket->OnOpen(peer);
  EXPECT_EQ(peer->frames(), 0u);
  peer->set_queued(0);
  EXPECT_EQ(Json::parse(peer->WaitFor(1)[0])["type"], "ADDED");
  response.websocket->OnClose();
}

TEST(BodyPipe, AFullPipeHoldsTheProducerUntilItIsReadOrClosed) {
  apiserver::BodyPipe pipe;
  const std::string piece(300 * 1024, 'x');
  ASSERT_TRUE(pipe.Write(piece));
  std::thread producer([&] {
    EXPECT_TRUE(pipe.Write("y"));
    EXPECT_TRUE(pipe.Write(piece));
    EXPECT_FALSE(pipe.Write("z"));
  });
  std::string out;
  // One byte of the second piece, so that it was taken; its rest fills the buffer for what follows.
  const size_t wanted = piece.size() + 2;
  while (out.size() < wanted) pipe.Pull(&out, wanted - out.size());
  pipe.Close();
  producer.join();
}

}  // namespace
}  // namespace gantry::testing
