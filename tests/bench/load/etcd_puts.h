#pragma once

#include <cstdint>

#include "apis/machinery/base/json.h"
#include "tests/bench/load/meter.h"
#include "tests/bench/load/server.h"

namespace gantry::bench {

struct EtcdOptions {
  size_t clients = 16;  // connections, each with one put under way
  size_t value_bytes = 1024;
  double seconds = 3;
};

// Puts by etcd's own protocol (gRPC over HTTP/2, without TLS), each under a key of its own, as
// etcd's benchmark does. `server` is http://.
Json RunEtcdPuts(const Server& server, const Meter& meter, const EtcdOptions& options);

}  // namespace gantry::bench
