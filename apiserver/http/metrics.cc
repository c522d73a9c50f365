#include "apiserver/http/metrics.h"

namespace gantry::apiserver {

prometheus::Counter& HandshakeErrors() {
  static auto& counter =
      metrics::DeclareCounter("apiserver_tls_handshake_errors_total",
                              "Connections that ended before their TLS handshake was done")
          .Add({});
  return counter;
}

ConnectionEnds& EndedConnections() {
  static auto& family = metrics::DeclareCounter(
      "gantry_connections_ended_total",
      "Connections that were refused or ended because of a bound: address (too many of one), idle "
      "(to let new ones in), handshakes and bodies (too many were under way, the oldest went), "
      "slow",
      {"reason"});
  const auto of = [](const char* reason) -> prometheus::Counter& {
    return family.Add({{"reason", reason}});
  };
  static auto* const all =
      new ConnectionEnds{of("address"), of("idle"), of("handshakes"), of("bodies"), of("slow")};
  return *all;
}

}  // namespace gantry::apiserver
