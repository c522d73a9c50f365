#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/base/result.h"

// Time as an interface. Code outside base/ never calls std::chrono::*::now() (hack/verify-clocks).
namespace gantry {

using WallTime = std::chrono::system_clock::time_point;
using MonoTime = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime Now() const = 0;   // for people and for timestamps in objects
  virtual MonoTime Mono() const = 0;  // for intervals and deadlines
  // The machine's clock. Lives for ever.
  static Clock* Real();
};

// A clock that moves only when told. Thread-safe.
class FakeClock : public Clock {
 public:
  explicit FakeClock(WallTime start) : now_(start) {}
  WallTime Now() const override;
  MonoTime Mono() const override;
  void Advance(Duration by);

 private:
  mutable Mutex mu_;
  WallTime now_ GUARDED_BY(mu_);
  Duration passed_ GUARDED_BY(mu_){};
};

// `2026-11-21T11:34:00Z`, the form of metav1.Time (whole seconds, UTC).
std::string FormatTime(WallTime t);
// `2026-11-21T11:34:00.123456Z`, the form of metav1.MicroTime.
std::string FormatMicroTime(WallTime t);
// RFC 3339 of a day that exists in a year up to 9999, any offset, any fraction (nanoseconds kept).
// kBadRequest for other texts and for times that a WallTime, which counts nanoseconds, cannot say:
// it reaches from 1677-09-21T00:12:44Z to 2262-04-11T23:47:15Z. An engine's and Go's way to say
// "never", 0001-01-01T00:00:00Z, is such a one.
Result<WallTime> ParseTime(std::string_view text);
// Whether the text is RFC 3339, also for times that ParseTime refuses as too far away.
bool IsTime(std::string_view text);
// to - from, or the longest duration when they are further apart.
Duration Between(WallTime from, WallTime to);
// Go's notation: `90s`, `1h30m`, `250ms`, and Docker's "0s".
Result<Duration> ParseDuration(std::string_view text);
// An age as kubectl prints it: `10s`, `3m5s`, `4h12m`, `9d`.
std::string HumanAge(Duration age);

}  // namespace gantry
