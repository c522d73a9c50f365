#include "apis/nodeproxy/remote_streams.h"

#include <gtest/gtest.h>

#include <deque>

#include "apis/machinery/base/mutex.h"
#include "apis/nodeproxy/channels.h"

namespace gantry::nodeproxy {
namespace {

TEST(ExecStatusTest, SaysHowACommandEnded) {
  for (const int code : {0, 1, 137}) {
    EXPECT_EQ(*ReadExecStatus(DumpJson(ExecStatus(code))), code);
  }
  const Result<int> missing = ReadExecStatus(
      DumpJson(ExecStatus(Error(Code::kNotFound, "containers.gantry.dev \"x\" not found"))));
  EXPECT_EQ(missing.code(), Code::kNotFound);
  EXPECT_EQ(missing.error().message, "containers.gantry.dev \"x\" not found");
  for (const char* text : {"", "x", "[]"}) EXPECT_EQ(ReadExecStatus(text).code(), Code::kInternal);
}

// What the far side says, piece by piece, until it is closed.
class Script {
 public:
  void Say(std::string piece) {
    MutexLock lock(&mu_);
    pieces_.push_back(std::move(piece));
    changed_.SignalAll();
  }
  void Close() {
    MutexLock lock(&mu_);
    closed_ = true;
    changed_.SignalAll();
  }
  Result<std::string> Next() {
    MutexLock lock(&mu_);
    while (pieces_.empty() && !closed_) changed_.Wait(&mu_);
    if (closed_) return Error(Code::kCancelled, "closed");
    std::string piece = std::move(pieces_.front());
    pieces_.pop_front();
    return piece;
  }

 private:
  Mutex mu_;
  CondVar changed_;
  std::deque<std::string> pieces_ GUARDED_BY(mu_);
  bool closed_ GUARDED_BY(mu_) = false;
};

// Plays the other process.
class FakeTransport : public client::Transport {
 public:
  Result<client::HttpResponse> Do(const Context&, const client::HttpRequest&) override {
    return Error(Code::kInternal, "not asked for");
  }
  Result<client::StreamResponse> Stream(const Context&, const client::HttpRequest& r) override {
    target = r.target;
    client::StreamResponse response;
    response.status = status;
    if (status >= 300) {
      response.error_body = R"({"kind":"Status","status":"Failure","reason":"NotFound",
          "message":"gone","code":404})";
    } else {
      response.stream = std::make_unique<Body>(script);
    }
    return response;
  }
  Result<std::unique_ptr<client::WebSocket>> Connect(const Context&, const client::HttpRequest& r,
                                                     const std::vector<std::string>& p) override {
    target = r.target;
    protocols = p;
    return std::make_unique<Socket>(script, sent);
  }

  int status = 200;
  std::string target;
  std::vector<std::string> protocols;
  const std::shared_ptr<Script> script = std::make_shared<Script>();
  const std::shared_ptr<std::vector<std::string>> sent =
      std::make_shared<std::vector<std::string>>();

 private:
  struct Body : client::ByteStream {
    explicit Body(std::shared_ptr<Script> s) : script(std::move(s)) {}
    Result<std::string> Read() override { return script->Next(); }
    void Close() override { script->Close(); }
    const std::shared_ptr<Script> script;
  };
  struct Socket : client::WebSocket {
    Socket(std::shared_ptr<Script> s, std::shared_ptr<std::vector<std::string>> out)
        : script(std::move(s)), sent(std::move(out)) {}
    Status Send(std::string frame, bool) override {
      sent->push_back(std::move(frame));
      return OkStatus();
    }
    Result<std::string> Receive() override { return script->Next(); }
    void Close() override { script->Close(); }
    std::string protocol() const override { return kExecProtocol5; }
    const std::shared_ptr<Script> script;
    const std::shared_ptr<std::vector<std::string>> sent;
  };
};

class Sink : public StreamSink {
 public:
  bool OnData(Channel channel, std::string_view bytes) override {
    MutexLock lock(&mu_);
    (channel == Channel::kStderr ? err_ : out_) += bytes;
    return true;
  }
  void OnEnd(Result<int> result) override {
    MutexLock lock(&mu_);
    end_ = std::move(result);
    changed_.SignalAll();
  }
  Result<int> Wait() {
    MutexLock lock(&mu_);
    while (!end_) changed_.Wait(&mu_);
    return *end_;
  }
  // Both outputs, with a bar between.
  std::string Said() {
    MutexLock lock(&mu_);
    return out_ + "|" + err_;
  }

 private:
  Mutex mu_;
  CondVar changed_;
  std::string out_ GUARDED_BY(mu_);
  std::string err_ GUARDED_BY(mu_);
  std::optional<Result<int>> end_ GUARDED_BY(mu_);
};

class RemoteStreamsTest : public ::testing::Test {
 protected:
  const std::shared_ptr<FakeTransport> far_ = std::make_shared<FakeTransport>();
  const std::unique_ptr<NodeStreams> streams_ = NewRemoteStreams(far_);
  const std::shared_ptr<Sink> sink_ = std::make_shared<Sink>();
  const std::string path_ = "/apis/gantry.dev/v1/namespaces/team/containers/web/";
};

TEST_F(RemoteStreamsTest, LogsAreReadToTheirEnd) {
  LogOptions options;
  options.follow = true;
  options.tail_lines = 5;
  options.since_time = "2026-01-01T00:00:00+01:00";
  auto handle = streams_->Logs(Context(), {"team", "web"}, options, sink_);
  ASSERT_TRUE(handle.ok());
  EXPECT_EQ(far_->target, path_ +
                              "log?follow=true&timestamps=false&previous=false&tailLines=5"
                              "&sinceTime=2026-01-01T00%3A00%3A00%2B01%3A00");
  for (const char* piece : {"one\n", "two\n", ""}) far_->script->Say(piece);
  EXPECT_EQ(*sink_->Wait(), 0);
  EXPECT_EQ(sink_->Said(), "one\ntwo\n|");
  EXPECT_EQ((*handle)->WriteStdin("x").code(), Code::kBadRequest);
}

TEST_F(RemoteStreamsTest, RefusalsAreTheOtherSides) {
  far_->status = 404;
  const auto handle = streams_->Logs(Context(), {"team", "web"}, {}, sink_);
  ASSERT_FALSE(handle.ok());
  EXPECT_EQ(handle.code(), Code::kNotFound);
  EXPECT_EQ(handle.error().message, "gone");
}

TEST_F(RemoteStreamsTest, ACommandHasInputOutputsAndAnEnd) {
  ExecOptions options;
  options.command = {"sh", "-c", "a b"};
  options.stdin_ = true;
  auto handle = streams_->Exec(Context(), {"team", "web"}, options, sink_);
  ASSERT_TRUE(handle.ok());
  EXPECT_EQ(far_->target, path_ +
                              "exec?stdin=true&stdout=true&stderr=true&tty=false&command=sh"
                              "&command=-c&command=a%20b");
  EXPECT_EQ(far_->protocols, std::vector<std::string>{kExecProtocol5});
  EXPECT_TRUE((*handle)->WriteStdin("in").ok());
  EXPECT_TRUE((*handle)->Resize(80, 24).ok());
  (*handle)->CloseStdin();
  EXPECT_EQ(*far_->sent,
            (std::vector<std::string>{MakeFrame(kFrameStdin, "in"),
                                      MakeFrame(kFrameResize, R"({"Height":24,"Width":80})"),
                                      MakeFrame(kFrameClose, std::string(1, kFrameStdin))}));
  far_->script->Say(MakeFrame(kFrameStdout, ""));
  far_->script->Say(MakeFrame(kFrameStdout, "out"));
  far_->script->Say(MakeFrame(kFrameStderr, "err"));
  far_->script->Say(MakeFrame(kFrameStatus, DumpJson(ExecStatus(7))));
  EXPECT_EQ(*sink_->Wait(), 7);
  EXPECT_EQ(sink_->Said(), "out|err");
}

TEST_F(RemoteStreamsTest, DroppingTheHandleEndsTheStream) {
  auto handle = streams_->Exec(Context(), {"team", "web"}, {}, sink_);
  ASSERT_TRUE(handle.ok());
  handle->reset();
  EXPECT_EQ(sink_->Wait().code(), Code::kCancelled);
}

}  // namespace
}  // namespace gantry::nodeproxy
