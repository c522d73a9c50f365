#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "apiserver/http/tls_context.h"

namespace gantry::apiserver::bench {

// The least that a Beast server over asio's TLS stream can do: every request gets the same body.
// The yardstick of the listener.
class BareServer {
 public:
  static std::unique_ptr<BareServer> Start(const TlsFiles& tls, std::string body, size_t threads);
  virtual ~BareServer() = default;
  virtual uint16_t port() const = 0;
};

}  // namespace gantry::apiserver::bench
