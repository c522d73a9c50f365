#include "apis/nodeproxy/remote_streams.h"

#include <fmt/format.h>

#include <thread>

#include "apis/client/client.h"
#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/meta/status.h"
#include "apis/nodeproxy/channels.h"

namespace gantry::nodeproxy {
namespace {

std::string PathOf(const ObjectKey& container, const char* subresource) {
  return client::ResourcePath(v1::kContainers, container.ns, container.name, subresource);
}

// Hands the bytes of an answer to a sink until either ends.
class LogPump : public StreamHandle {
 public:
  LogPump(std::unique_ptr<client::ByteStream> stream, std::shared_ptr<StreamSink> sink)
      : stream_(std::move(stream)), sink_(std::move(sink)), thread_([this] { Run(); }) {}
  ~LogPump() override {
    stream_->Close();
    thread_.join();
  }
  Status WriteStdin(std::string_view) override { return NotHere(); }
  void CloseStdin() override {}
  Status Resize(int, int) override { return NotHere(); }

 private:
  static Status NotHere() { return Error(Code::kBadRequest, "a log takes no input"); }

  void Run() {
    while (true) {
      const Result<std::string> piece = stream_->Read();
      if (!piece.ok()) return sink_->OnEnd(piece.error());
      if (piece->empty()) return sink_->OnEnd(0);
      if (!sink_->OnData(Channel::kStdout, *piece))
        return sink_->OnEnd(Error(Code::kCancelled, "the receiver left"));
    }
  }

  const std::unique_ptr<client::ByteStream> stream_;
  const std::shared_ptr<StreamSink> sink_;
  std::thread thread_;
};

// The same for a command: frames to the sink, input to frames.
class ExecPump : public StreamHandle {
 public:
  ExecPump(std::unique_ptr<client::WebSocket> socket, std::shared_ptr<StreamSink> sink)
      : socket_(std::move(socket)), sink_(std::move(sink)), thread_([this] { Run(); }) {}
  ~ExecPump() override {
    socket_->Close();
    thread_.join();
  }
  Status WriteStdin(std::string_view bytes) override {
    return socket_->Send(MakeFrame(kFrameStdin, bytes), true);
  }
  void CloseStdin() override {
    socket_->Send(MakeFrame(kFrameClose, std::string(1, kFrameStdin)), true).IgnoreError();
  }
  Status Resize(int width, int height) override {
    const Json size = {{"Width", width}, {"Height", height}};
    return socket_->Send(MakeFrame(kFrameResize, DumpJson(size)), true);
  }

 private:
  void Run() {
    while (true) {
      const Result<std::string> frame = socket_->Receive();
      if (!frame.ok()) return sink_->OnEnd(frame.error());
      if (frame->empty()) continue;
      const std::string_view bytes = std::string_view(*frame).substr(1);
      const char channel = frame->front();
      if (channel == kFrameStatus) return sink_->OnEnd(ReadExecStatus(bytes));
      if (bytes.empty() || (channel != kFrameStdout && channel != kFrameStderr)) continue;
      if (!sink_->OnData(channel == kFrameStderr ? Channel::kStderr : Channel::kStdout, bytes))
        return sink_->OnEnd(Error(Code::kCancelled, "the receiver left"));
    }
  }

  const std::unique_ptr<client::WebSocket> socket_;
  const std::shared_ptr<StreamSink> sink_;
  std::thread thread_;
};

class RemoteStreams : public NodeStreams {
 public:
  explicit RemoteStreams(std::shared_ptr<client::Transport> transport)
      : transport_(std::move(transport)) {}

  Result<std::unique_ptr<StreamHandle>> Logs(const Context& ctx, const ObjectKey& container,
                                             const LogOptions& options,
                                             std::shared_ptr<StreamSink> sink) override {
    std::string target = PathOf(container, "log");
    target += fmt::format("?follow={}&timestamps={}&previous={}", options.follow,
                          options.timestamps, options.previous);
    if (options.tail_lines) target += fmt::format("&tailLines={}", *options.tail_lines);
    if (options.since_seconds) target += fmt::format("&sinceSeconds={}", *options.since_seconds);
    if (!options.since_time.empty())
      target += "&sinceTime=" + client::PercentEncode(options.since_time);
    GANTRY_TRY_SET(client::StreamResponse response,
                   transport_->Stream(ctx, {"GET", target, {{"Accept", "*/*"}}, ""}));
    if (response.status >= 300) return ErrorFromStatus(response.status, response.error_body);
    return std::make_unique<LogPump>(std::move(response.stream), std::move(sink));
  }

  Result<std::unique_ptr<StreamHandle>> Exec(const Context& ctx, const ObjectKey& container,
                                             const ExecOptions& options,
                                             std::shared_ptr<StreamSink> sink) override {
    std::string target = PathOf(container, options.attach ? "attach" : "exec");
    target += fmt::format("?stdin={}&stdout={}&stderr={}&tty={}", options.stdin_, options.stdout_,
                          options.stderr_, options.tty);
    for (const std::string& word : options.command)
      target += "&command=" + client::PercentEncode(word);
    GANTRY_TRY_SET(auto socket,
                   transport_->Connect(ctx, {"GET", target, {}, ""}, {kExecProtocol5}));
    return std::make_unique<ExecPump>(std::move(socket), std::move(sink));
  }

 private:
  const std::shared_ptr<client::Transport> transport_;
};

}  // namespace

std::unique_ptr<NodeStreams> NewRemoteStreams(std::shared_ptr<client::Transport> transport) {
  return std::make_unique<RemoteStreams>(std::move(transport));
}

}  // namespace gantry::nodeproxy
