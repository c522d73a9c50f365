#pragma once

#include <string>

#include "apis/machinery/base/json.h"
#include "tests/bench/load/meter.h"
#include "tests/bench/load/server.h"

namespace gantry::bench {

struct FanOutOptions {
  std::string path;  // a collection of ConfigMaps, which is watched and written to
  std::string prefix = "w";
  size_t watchers = 1000;
  double per_second = 50;  // writes
  double seconds = 3;      // 0: the watchers only wait
};

// Watches a collection from many connections and creates objects in it, one after the other, at a
// steady rate. Says how long each event took to each watcher, from the answer to its write and from
// the sending of the write (the commit is between the two), what a delivered event cost the server,
// and what a watcher costs it that waits. Fails when a watcher misses an event.
Json RunFanOut(const Server& server, const Meter& meter, const FanOutOptions& options);

}  // namespace gantry::bench
