#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "apis/machinery/base/json.h"

namespace gantry::bench {

int64_t NowNs();           // for intervals
int64_t OwnCpuNs();        // of this process, user and system
int64_t OwnThreadCpuNs();  // of this thread

// What the processes of a server use: several for a server made of several. All zero without any.
class Meter {
 public:
  explicit Meter(std::vector<pid_t> pids) : pids_(std::move(pids)) {}
  bool any() const { return !pids_.empty(); }
  int64_t CpuNs() const;
  int64_t ResidentBytes() const;
  // The highest ResidentBytes since the last ResetPeak.
  int64_t PeakBytes() const;
  void ResetPeak() const;

 private:
  const std::vector<pid_t> pids_;
};

// {"p50":..,"p99":..,"max":..,"mean":..} in milliseconds; of nothing: {}. Reorders its input.
Json Percentiles(std::vector<int64_t>* nanoseconds);

}  // namespace gantry::bench
