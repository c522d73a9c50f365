#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/result.h"
#include "apiserver/http/connection_stats.h"
#include "apiserver/http/handler.h"
#include "apiserver/http/tls_context.h"

namespace gantry::apiserver {

struct ListenerOptions {
  std::string address = "127.0.0.1";  // an IP address; `::` also takes IPv4
  uint16_t port = 0;                  // 0: the system chooses
  TlsFiles tls;
  size_t io_threads = 0;  // 0: one a core
  // Further ones wait, unaccepted, until others have gone; the longest idle ones are sent away for
  // them. 0: no bound but the system's.
  size_t max_connections = 0;
  // Of one address; further ones are closed at once. 0: no bound.
  size_t max_address = 0;
  size_t max_loopback = 0;  // the same for addresses of this machine
  // Of all connections together. The ones that take the longest end when there are more.
  size_t max_handshakes = 1000;
  size_t max_bodies = 64 * 1024 * 1024;  // bytes of requests that are not answered yet
  size_t max_compressors = 64;           // when all are in use, answers are not compressed
  size_t max_header = 64 * 1024;
  size_t max_body = 3 * 1024 * 1024;
  Duration handshake_timeout = std::chrono::seconds(10);
  Duration idle_timeout = std::chrono::seconds(120);  // between requests
  Duration idle_at_least = std::chrono::seconds(5);   // before others may take the place
  Duration header_timeout =
      std::chrono::seconds(30);  // from the first byte to the end of the header
  Duration body_timeout = std::chrono::seconds(60);
  Duration write_timeout = std::chrono::seconds(60);  // without any progress
  Duration tick = std::chrono::seconds(1);            // how exactly time-outs are kept
  Duration coalesce = std::chrono::milliseconds(5);   // least time between writes of a busy stream
};

// Serves HTTP/1.1 over TLS: keep-alive, pipelining, chunked bodies both ways, gzip of large
// answers, WebSocket upgrades. Each connection belongs to one io thread, on which its handler is
// started: a handler that completes at once is answered without a change of thread, one that must
// wait suspends its Task and may complete anywhere. Handlers must not block for long and must not
// throw.
//
// A Request's `ctx` is cancelled when its client leaves or the server stops; handlers must then
// complete soon. Thread-safe.
class Listener {
 public:
  // Accepts connections from now on. kInvalid for a bad address or TLS file; kUnavailable when the
  // port is taken.
  static Result<std::unique_ptr<Listener>> Start(const ListenerOptions& options, Handler handler);
  // Stops at once if Stop was not called.
  virtual ~Listener() = default;

  // New handshakes use these from now on; connections go on as they are, but a request with a
  // client certificate whose issuer is not believed any more counts as one without. kInvalid, and
  // the old ones stay, when they cannot be used.
  virtual Status UseTls(const TlsFiles& files) = 0;

  virtual uint16_t port() const = 0;
  virtual size_t connections() const = 0;
  // What the connections did, at most `limit` of them.
  virtual ConnectionsReport Busiest(size_t limit) const = 0;
  // Takes no new connections or requests, ends watches and logs cleanly, lets other requests finish
  // within `grace`, then cancels them; returns when all are done and the threads joined.
  virtual void Stop(Duration grace) = 0;
};

}  // namespace gantry::apiserver
