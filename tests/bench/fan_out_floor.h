#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "apiserver/http/tls_context.h"

namespace gantry::apiserver::bench {

// The least that a watch server can do: every POST is answered at once, and then one event of
// `event_bytes` is written to every connection that asked for a watch, one SSL_write each. The
// yardstick of fan-out. Serves on a thread of its own as long as it lives, and past that: it ends
// with the process.
class FanOutFloor {
 public:
  static std::unique_ptr<FanOutFloor> Start(const TlsFiles& tls, size_t event_bytes);
  virtual ~FanOutFloor() = default;
  virtual uint16_t port() const = 0;
};

}  // namespace gantry::apiserver::bench
