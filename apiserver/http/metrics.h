#pragma once

#include "apis/machinery/base/metrics.h"

namespace gantry::apiserver {

prometheus::Counter& HandshakeErrors();

// Connections that were refused or ended because of a bound.
struct ConnectionEnds {
  prometheus::Counter& address;     // refused: its address has too many
  prometheus::Counter& idle;        // for new ones
  prometheus::Counter& handshakes;  // for newer handshakes
  prometheus::Counter& bodies;      // for newer bodies
  prometheus::Counter& slow;        // without progress, or not done in time
};
ConnectionEnds& EndedConnections();

}  // namespace gantry::apiserver
