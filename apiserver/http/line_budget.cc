#include "apiserver/http/line_budget.h"

#include <algorithm>

#include "apis/machinery/base/log.h"

namespace gantry::apiserver {
namespace {
constexpr Duration kTellEvery = std::chrono::seconds(5);
}

bool LineBudget::Take(MonoTime now) {
  uint64_t dropped = 0;
  {
    MutexLock lock(&mu_);
    if (filled_ != MonoTime{}) {
      const std::chrono::duration<double> passed = now - filled_;
      left_ = std::min<double>(kBurst, left_ + passed.count() * kPerSecond);
    }
    filled_ = now;
    if (left_ < 1) {
      ++dropped_;
      return false;
    }
    left_ -= 1;
    if (dropped_ > 0 && now - told_ >= kTellEvery) {
      told_ = now;
      dropped = std::exchange(dropped_, 0);
    }
  }
  if (dropped > 0) LOG_WARN("requests were not logged, there were too many", {"count", dropped});
  return true;
}

}  // namespace gantry::apiserver
