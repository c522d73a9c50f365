#pragma once

#include <memory>
#include <string>

#include "apis/machinery/base/mutex.h"
#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// A watch over WebSocket: one event per text frame.
class WatchSocket : public WebSocketHandler, public std::enable_shared_from_this<WatchSocket> {
 public:
  explicit WatchSocket(std::unique_ptr<BodyStream> stream) : stream_(std::move(stream)) {}

  void OnOpen(std::shared_ptr<WebSocketPeer> peer) override;
  void OnMessage(std::string_view frame, bool binary) override {}
  void OnClose() override;

 private:
  void Pump();

  Mutex mu_;  // held while the stream is used
  std::shared_ptr<BodyStream> stream_ GUARDED_BY(mu_);
  std::shared_ptr<WebSocketPeer> peer_ GUARDED_BY(mu_);
  std::string rest_ GUARDED_BY(mu_);  // an event whose end was not read yet
};

}  // namespace gantry::apiserver
