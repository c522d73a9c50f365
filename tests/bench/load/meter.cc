#include "tests/bench/load/meter.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <numeric>
#include <string>

namespace gantry::bench {
namespace {

int64_t Read(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

// A line of /proc/PID/status, in bytes.
int64_t StatusBytes(pid_t pid, const char* name) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  std::string line;
  while (std::getline(file, line)) {
    if (line.rfind(name, 0) == 0) return std::atoll(line.c_str() + std::strlen(name)) * 1024;
  }
  return 0;
}

}  // namespace

int64_t NowNs() { return Read(CLOCK_MONOTONIC); }
int64_t OwnCpuNs() { return Read(CLOCK_PROCESS_CPUTIME_ID); }
int64_t OwnThreadCpuNs() { return Read(CLOCK_THREAD_CPUTIME_ID); }

int64_t Meter::CpuNs() const {
  int64_t sum = 0;
  for (const pid_t pid : pids_) {
    clockid_t clock{};
    if (clock_getcpuclockid(pid, &clock) == 0) sum += Read(clock);
  }
  return sum;
}

int64_t Meter::ResidentBytes() const {
  int64_t sum = 0;
  for (const pid_t pid : pids_) sum += StatusBytes(pid, "VmRSS:");
  return sum;
}

int64_t Meter::PeakBytes() const {
  int64_t sum = 0;
  for (const pid_t pid : pids_) sum += StatusBytes(pid, "VmHWM:");
  return sum;
}

void Meter::ResetPeak() const {
  for (const pid_t pid : pids_) std::ofstream(fmt::format("/proc/{}/clear_refs", pid)) << "5";
}

Json Percentiles(std::vector<int64_t>* nanoseconds) {
  std::vector<int64_t>& all = *nanoseconds;
  if (all.empty()) return Json::object();
  std::sort(all.begin(), all.end());
  const auto at = [&](double q) {
    return static_cast<double>(all[static_cast<size_t>(q * static_cast<double>(all.size() - 1))]) /
           1e6;
  };
  const double sum = std::accumulate(all.begin(), all.end(), 0.0);
  return {{"p50", at(0.5)},
          {"p99", at(0.99)},
          {"max", at(1)},
          {"mean", sum / 1e6 / static_cast<double>(all.size())}};
}

}  // namespace gantry::bench
