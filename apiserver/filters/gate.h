#pragma once

#include <functional>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/metrics.h"
#include "apis/machinery/base/mutex.h"

namespace gantry::apiserver {

// A number of places, and a bounded line of those that wait for one. Thread-safe. It has threads of
// its own, which resume whoever waited: the one that leaves a place has an answer to send first.
class Gate {
 public:
  // `kind` labels the gauges.
  Gate(const char* kind, int places, int queue_limit);
  // REQUIRES: everybody left.
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // Takes a place if one is free and nobody waits for it.
  bool TryEnter();
  // Waits for a place: `done(true)` on a thread of the gate. `done(false)`: the line is full, or
  // `until` passed.
  void Enter(MonoTime until, std::function<void(bool)> done);
  // REQUIRES: a place was taken.
  void Leave();

 private:
  void Run();

  const int places_;
  const size_t queue_limit_;
  prometheus::Gauge* const serving_;
  prometheus::Gauge* const waiting_;

  Mutex mu_;
  CondVar changed_;
  int taken_ GUARDED_BY(mu_) = 0;
  uint64_t next_ticket_ GUARDED_BY(mu_) = 0;
  std::map<uint64_t, std::pair<MonoTime, std::function<void(bool)>>> line_ GUARDED_BY(mu_);
  std::set<std::pair<MonoTime, uint64_t>> by_time_ GUARDED_BY(mu_);  // the same as line_
  bool stopping_ GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace gantry::apiserver
