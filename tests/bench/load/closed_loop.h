#pragma once

#include <cstdint>
#include <string>

#include "apis/machinery/base/json.h"
#include "tests/bench/load/meter.h"
#include "tests/bench/load/server.h"

namespace gantry::bench {

struct LoopOptions {
  // get      GET `path`
  // create   a ConfigMap of about 1.3 KB under a name of its own, into the collection `path`
  // update   PUT of the connection's own ConfigMap, with its resourceVersion
  // conflict GET and PUT of one of `shared` ConfigMaps, with the resourceVersion that was read
  // apply    server-side apply of the connection's own ConfigMap, one value changed
  std::string mode = "get";
  std::string path;
  std::string accept;        // empty: none
  std::string prefix = "c";  // of the names of objects
  size_t connections = 16;
  size_t shared = 4;
  double seconds = 3;
  int64_t count = 0;  // stop after so many, whatever time it takes; 0: after `seconds`
};

// Each connection sends a request, waits for its answer, sends the next; all on this thread. Only
// the mode's own requests count, not the GETs of `conflict` or the making of objects to update.
Json RunClosedLoop(const Server& server, const Meter& meter, const LoopOptions& options);

}  // namespace gantry::bench
