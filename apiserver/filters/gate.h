#pragma once

#include <string>
#include <thread>
#include <vector>

#include "apis/machinery/base/mutex.h"
#include "apiserver/filters/fair_queue.h"
#include "apiserver/filters/metrics.h"

namespace gantry::apiserver {

// A FairQueue for many threads, counted in metrics. It has threads of its own, which resume whoever
// waited: the one that leaves a place has an answer to send first. Thread-safe.
class Gate {
 public:
  using Outcome = FairQueue::Outcome;
  using User = FairQueue::User;

  // `kind` labels the metrics.
  Gate(const char* kind, const FairQueue::Limits& limits);
  // REQUIRES: everybody left.
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // As FairQueue::TryEnter.
  User* TryEnter(const std::string& user, int seats);
  // Waits until `until` at most. `done` is called once: on a thread of the gate, or before this
  // returns.
  void Enter(const std::string& user, int seats, MonoTime until, FairQueue::Done done);
  void Leave(User* user, int seats);

 private:
  void Refuse(FairQueue::Ready refused);
  void Run();

  const GateMetrics metrics_;
  Mutex mu_;
  CondVar changed_;
  FairQueue queue_ GUARDED_BY(mu_);
  bool stopping_ GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace gantry::apiserver
