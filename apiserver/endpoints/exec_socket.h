#pragma once

#include <deque>
#include <memory>
#include <string>

#include "apis/machinery/base/json.h"
#include "apis/machinery/base/mutex.h"
#include "apis/nodeproxy/node_streams.h"
#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// The server's end of `exec` and `attach` over WebSocket: the frames of apis/nodeproxy/channels.h.
class ExecSocket : public WebSocketHandler, public std::enable_shared_from_this<ExecSocket> {
 public:
  // Starts the process; may block.
  using StartFn = std::function<Result<std::unique_ptr<nodeproxy::StreamHandle>>(
      std::shared_ptr<nodeproxy::StreamSink>)>;
  // Takes work that may block, and runs it on another thread.
  using RunFn = std::function<void(std::function<void()>)>;

  // `ctx` is the request's: cancelled when the client leaves.
  ExecSocket(Context ctx, StartFn start, RunFn run)
      : ctx_(std::move(ctx)), start_(std::move(start)), run_(std::move(run)) {}

  void OnOpen(std::shared_ptr<WebSocketPeer> peer) override;
  void OnMessage(std::string_view frame, bool binary) override;
  void OnClose() override;

 private:
  class Sink;
  // Starts a Drain unless one is running.
  void Kick();
  // Starts the process, hands it the queued frames in order, ends it when the client has left.
  void Drain();
  void Handle(std::string_view frame);

  const Context ctx_;
  const StartFn start_;
  const RunFn run_;

  Mutex mu_;
  std::shared_ptr<WebSocketPeer> peer_ GUARDED_BY(mu_);
  std::deque<std::string> frames_ GUARDED_BY(mu_);
  bool draining_ GUARDED_BY(mu_) = false;
  bool closed_ GUARDED_BY(mu_) = false;
  // Used by the one Drain that runs.
  std::unique_ptr<nodeproxy::StreamHandle> handle_;
  bool started_ = false;
};

}  // namespace gantry::apiserver
