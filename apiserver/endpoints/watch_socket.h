#pragma once

#include <memory>
#include <string>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/base/thread_pool.h"
#include "apiserver/http/handler.h"
#include "apiserver/storage/timer.h"

namespace gantry::apiserver {

// A watch over WebSocket: one event per text frame. A peer that reads slowly is sent no more than a
// mebibyte ahead.
class WatchSocket : public WebSocketHandler, public std::enable_shared_from_this<WatchSocket> {
 public:
  // `timer` and `pool` outlive the connection.
  WatchSocket(std::unique_ptr<BodyStream> stream, Timer* timer, ThreadPool* pool)
      : timer_(timer), pool_(pool), stream_(std::move(stream)) {}

  void OnOpen(std::shared_ptr<WebSocketPeer> peer) override;
  void OnMessage(std::string_view frame, bool binary) override {}
  void OnClose() override;

 private:
  void Pump();
  // Goes on when the peer may have taken something.
  void PumpLater();

  Timer* const timer_;
  ThreadPool* const pool_;
  Mutex mu_;  // held while the stream is used
  std::shared_ptr<BodyStream> stream_ GUARDED_BY(mu_);
  std::shared_ptr<WebSocketPeer> peer_ GUARDED_BY(mu_);
  std::string rest_ GUARDED_BY(mu_);  // an event whose end was not read yet
};

}  // namespace gantry::apiserver
