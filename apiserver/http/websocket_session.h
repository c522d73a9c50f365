#pragma once

#include <functional>
#include <memory>
#include <string>

#include "apiserver/http/handler.h"

namespace gantry::apiserver {

class TlsSocket;

// An upgraded connection. Everything but the WebSocketPeer methods happens on the connection's
// thread. Frames of a peer that does not read pile up to a limit; then the connection is ended.
class WebSocketSession : public WebSocketPeer {
 public:
  // Answers the upgrade and serves it with response.websocket. `early` are bytes that were received
  // after the request. `socket` must live until `done`, which is called once, after OnClose.
  static std::shared_ptr<WebSocketSession> Start(TlsSocket* socket, std::string early,
                                                 const Request& request, Response& response,
                                                 std::function<void()> done);
  // The server stops: a close frame, and the end soon.
  virtual void Stop() = 0;
};

}  // namespace gantry::apiserver
