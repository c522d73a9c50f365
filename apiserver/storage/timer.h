#pragma once

#include <functional>
#include <map>
#include <thread>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/mutex.h"

namespace gantry::apiserver {

// Calls functions at a time, from one thread of its own. Thread-safe. The destructor drops what is
// still waiting.
class Timer {
 public:
  using Id = uint64_t;

  explicit Timer(Clock* clock);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // `fn` must be quick and must not throw.
  Id At(MonoTime when, std::function<void()> fn);
  Id After(Duration delay, std::function<void()> fn) {
    return At(clock_->Mono() + delay, std::move(fn));
  }
  // Does not wait for a call that is running. An id that ran already is ignored.
  void Cancel(Id id);

  Clock* clock() const { return clock_; }

 private:
  void Run();

  Clock* const clock_;
  Mutex mu_;
  CondVar changed_;
  std::multimap<MonoTime, std::pair<Id, std::function<void()>>> queue_ GUARDED_BY(mu_);
  std::map<Id, MonoTime> times_ GUARDED_BY(mu_);
  Id next_ GUARDED_BY(mu_) = 1;
  bool stopping_ GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace gantry::apiserver
