#include "apiserver/storage/timer.h"

namespace gantry::apiserver {

Timer::Timer(Clock* clock) : clock_(clock), thread_([this] { Run(); }) {}

Timer::~Timer() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    changed_.SignalAll();
  }
  thread_.join();
}

Timer::Id Timer::At(MonoTime when, std::function<void()> fn) {
  MutexLock lock(&mu_);
  const Id id = next_++;
  const bool first = queue_.empty() || when < queue_.begin()->first;
  queue_.emplace(when, std::make_pair(id, std::move(fn)));
  times_.emplace(id, when);
  if (first) changed_.Signal();
  return id;
}

void Timer::Cancel(Id id) {
  std::function<void()> dropped;  // its destructor may run anything: not under the lock
  MutexLock lock(&mu_);
  const auto time = times_.find(id);
  if (time == times_.end()) return;
  const auto range = queue_.equal_range(time->second);
  for (auto it = range.first; it != range.second; ++it) {
    if (it->second.first != id) continue;
    dropped = std::move(it->second.second);
    queue_.erase(it);
    break;
  }
  times_.erase(time);
}

void Timer::Run() {
  while (true) {
    std::function<void()> due;
    {
      MutexLock lock(&mu_);
      while (!due) {
        if (stopping_) return;
        if (queue_.empty()) {
          changed_.Wait(&mu_);
        } else if (const auto first = queue_.begin(); first->first > clock_->Mono()) {
          changed_.WaitUntil(&mu_, first->first);
        } else {
          due = std::move(first->second.second);
          times_.erase(first->second.first);
          queue_.erase(first);
        }
      }
    }
    due();
  }
}

}  // namespace gantry::apiserver
