#pragma once

#include <atomic>
#include <fstream>
#include <string>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/mutex.h"
#include "tests/consistency/checker/history.h"

namespace gantry::consistency {

// Writes the history of a run as it happens. Thread-safe.
class Recorder {
 public:
  explicit Recorder(const std::string& path) : out_(path, std::ios::trunc) {}

  static Nanoseconds Now() { return Clock::Real()->Mono().time_since_epoch().count(); }

  void Add(const Operation& operation) {
    Write(OperationLine(operation));
    operations_.fetch_add(1);
    counts_[static_cast<int>(operation.outcome)].fetch_add(1);
  }
  // The number of the new watch.
  int64_t Begin(const Watch& watch) {
    const int64_t number = ++watches_;
    Write(WatchLine(number, watch));
    return number;
  }
  void Add(int64_t watch, const WatchEvent& event) {
    Write(EventLine(watch, event));
    events_.fetch_add(1);
  }
  void End(int64_t number, const Watch& watch) { Write(WatchEndLine(number, watch)); }
  void Death(Nanoseconds time) { Write(DeathLine(time)); }
  void Close() {
    MutexLock lock(&mu_);
    out_.close();
  }

  size_t operations() const { return operations_.load(); }
  size_t operations(Outcome outcome) const { return counts_[static_cast<int>(outcome)].load(); }
  size_t events() const { return events_.load(); }
  int64_t watches() const { return watches_.load(); }

 private:
  void Write(const std::string& line) {
    MutexLock lock(&mu_);
    out_ << line << '\n';
  }

  std::atomic<size_t> operations_{0};
  std::atomic<size_t> counts_[static_cast<int>(Outcome::kUnknown) + 1] = {};
  std::atomic<size_t> events_{0};
  std::atomic<int64_t> watches_{0};
  Mutex mu_;
  std::ofstream out_ GUARDED_BY(mu_);
};

}  // namespace gantry::consistency
