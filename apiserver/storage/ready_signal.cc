#include "apiserver/storage/ready_signal.h"

#include <algorithm>

namespace gantry::apiserver {

void ReadySignal::Arm(std::function<void()> fn) {
  MutexLock lock(&mu_);
  fn_ = std::move(fn);
}

void ReadySignal::Disarm() {
  const std::thread::id self = std::this_thread::get_id();
  MutexLock lock(&mu_);
  fn_ = nullptr;
  while (std::any_of(running_.begin(), running_.end(), [&](auto id) { return id != self; })) {
    idle_.Wait(&mu_);
  }
}

void ReadySignal::Fire() {
  std::function<void()> fn;
  {
    MutexLock lock(&mu_);
    if (!fn_) return;
    fn = std::move(fn_);
    fn_ = nullptr;
    running_.push_back(std::this_thread::get_id());
  }
  fn();
  MutexLock lock(&mu_);
  running_.erase(std::find(running_.begin(), running_.end(), std::this_thread::get_id()));
  idle_.SignalAll();
}

}  // namespace gantry::apiserver
