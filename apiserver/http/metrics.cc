#include "apiserver/http/metrics.h"

namespace gantry::apiserver {

prometheus::Counter& HandshakeErrors() {
  static auto& counter =
      metrics::DeclareCounter("apiserver_tls_handshake_errors_total",
                              "Connections that ended before their TLS handshake was done")
          .Add({});
  return counter;
}

}  // namespace gantry::apiserver
