#include "apiserver/endpoints/exec_socket.h"

#include "apis/machinery/base/json.h"
#include "apis/machinery/meta/object.h"
#include "apis/nodeproxy/channels.h"

namespace gantry::apiserver {
namespace {

using nodeproxy::kFrameClose;
using nodeproxy::kFrameResize;
using nodeproxy::kFrameStatus;
using nodeproxy::kFrameStderr;
using nodeproxy::kFrameStdin;
using nodeproxy::kFrameStdout;
using nodeproxy::MakeFrame;

constexpr size_t kMaxQueued = 1 << 20;

}  // namespace

// What the process says goes straight to the peer; a slow peer holds the process up.
class ExecSocket::Sink : public nodeproxy::StreamSink {
 public:
  Sink(std::shared_ptr<WebSocketPeer> peer, Context ctx)
      : peer_(std::move(peer)), ctx_(std::move(ctx)) {}

  bool OnData(nodeproxy::Channel channel, std::string_view bytes) override {
    while (peer_->queued() > kMaxQueued) {
      if (!ctx_.SleepFor(std::chrono::milliseconds(5)).ok()) return false;
    }
    return peer_->Send(
        MakeFrame(channel == nodeproxy::Channel::kStdout ? kFrameStdout : kFrameStderr, bytes),
        true);
  }
  void OnEnd(Result<int> result) override {
    peer_->Send(MakeFrame(kFrameStatus, DumpJson(nodeproxy::ExecStatus(result))), true);
    peer_->Close();
  }

 private:
  const std::shared_ptr<WebSocketPeer> peer_;
  const Context ctx_;
};

void ExecSocket::OnOpen(std::shared_ptr<WebSocketPeer> peer) {
  // An empty frame tells the client that the connection stands.
  peer->Send(MakeFrame(kFrameStdout, ""), true);
  {
    MutexLock lock(&mu_);
    peer_ = std::move(peer);
  }
  Kick();
}

void ExecSocket::OnMessage(std::string_view frame, bool) {
  {
    MutexLock lock(&mu_);
    if (frame.empty() || closed_) return;
    frames_.emplace_back(frame);
  }
  Kick();
}

void ExecSocket::OnClose() {
  {
    MutexLock lock(&mu_);
    closed_ = true;
    frames_.clear();
  }
  Kick();
}

void ExecSocket::Kick() {
  {
    MutexLock lock(&mu_);
    if (draining_ || !peer_) return;
    draining_ = true;
  }
  run_([self = shared_from_this()] { self->Drain(); });
}

void ExecSocket::Drain() {
  while (true) {
    std::shared_ptr<WebSocketPeer> peer;
    std::string frame;
    {
      MutexLock lock(&mu_);
      peer = peer_;
      if (closed_) break;
      if (started_) {
        if (frames_.empty()) {
          draining_ = false;
          return;
        }
        frame = std::move(frames_.front());
        frames_.pop_front();
      }
    }
    if (started_) {
      Handle(frame);
      continue;
    }
    started_ = true;
    const auto sink = std::make_shared<Sink>(peer, ctx_);
    auto handle = start_(sink);
    if (handle.ok()) {
      handle_ = *std::move(handle);
    } else {
      sink->OnEnd(handle.error());
    }
  }
  handle_.reset();  // ends the process's stream; draining_ stays set, so nothing comes after
}

void ExecSocket::Handle(std::string_view frame) {
  if (!handle_) return;
  const std::string_view payload = frame.substr(1);
  switch (frame[0]) {
    case kFrameStdin:
      // A process that has ended says so by its status, not here.
      handle_->WriteStdin(payload).IgnoreError();
      return;
    case kFrameResize: {
      const Result<Json> size = ParseJson(payload);
      if (!size.ok() || !size->is_object()) return;
      const auto width = static_cast<int>(GetInt(*size, "Width"));
      const auto height = static_cast<int>(GetInt(*size, "Height"));
      if (width > 0 && height > 0) handle_->Resize(width, height).IgnoreError();
      return;
    }
    case kFrameClose:
      if (!payload.empty() && payload[0] == kFrameStdin) handle_->CloseStdin();
      return;
    default: return;
  }
}

}  // namespace gantry::apiserver
