#pragma once

#include <atomic>

#include "tests/consistency/runner/recorder.h"
#include "tests/consistency/runner/server_process.h"

namespace gantry::consistency {

// What the threads of a run have in common.
struct Shared {
  ServerProcess* server = nullptr;
  Recorder* recorder = nullptr;
  bool whole = true;      // lists and watches of all namespaces are among the operations
  size_t operations = 0;  // how many to do
  Revision base = 0;      // before the first operation
  std::atomic<size_t> begun{0};
  std::atomic<Revision> newest{0};  // that anybody saw
  std::atomic<int64_t> next_value{0};
  // The last write of all in each of kScopes; 0: the run goes on.
  std::atomic<Revision> fence[2] = {};

  void Saw(Revision revision) {
    Revision known = newest.load();
    while (known < revision && !newest.compare_exchange_weak(known, revision)) {
    }
  }
};

}  // namespace gantry::consistency
