#pragma once

#include <string>

#include "apis/machinery/base/json.h"
#include "tests/bench/load/meter.h"
#include "tests/bench/load/server.h"

namespace gantry::bench {

struct ListOptions {
  std::string path;  // with its query
  std::string accept;
  size_t limit = 0;  // objects a page; 0: the whole list at once
  int times = 1;
};

// Reads a list, page after page on one connection, `times` times. For each time: seconds, how long
// the first byte of a body took, bytes, the server's CPU time and how far its memory rose
// meanwhile.
Json RunList(const Server& server, const Meter& meter, const ListOptions& options);

// Starts a watch with the state at its beginning (sendInitialEvents), as an informer does, and
// reads up to the bookmark that ends it; the same figures.
Json RunInformer(const Server& server, const Meter& meter, const ListOptions& options);

}  // namespace gantry::bench
