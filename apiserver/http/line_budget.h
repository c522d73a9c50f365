#pragma once

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/mutex.h"

namespace gantry::apiserver {

// How many lines clients may cause in the log: a burst, then so many a second. Thread-safe.
class LineBudget {
 public:
  static constexpr int kBurst = 200;
  static constexpr int kPerSecond = 50;

  // Whether a line may be written at `now`. Says from time to time how many were not.
  bool Take(MonoTime now);

 private:
  Mutex mu_;
  double left_ GUARDED_BY(mu_) = kBurst;
  MonoTime filled_ GUARDED_BY(mu_){};
  MonoTime told_ GUARDED_BY(mu_){};
  uint64_t dropped_ GUARDED_BY(mu_) = 0;
};

}  // namespace gantry::apiserver
