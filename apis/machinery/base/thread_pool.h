#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "apis/machinery/base/mutex.h"

namespace gantry {

// A bounded pool of threads that runs posted functions. Thread-safe. The destructor runs what was
// posted before and joins.
class ThreadPool {
 public:
  explicit ThreadPool(size_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // `fn` must not throw. REQUIRES: the destructor has not begun, unless called from a posted
  // function.
  void Post(std::function<void()> fn);

 private:
  void Work();

  Mutex mu_;
  CondVar wake_;
  std::deque<std::function<void()>> queue_ GUARDED_BY(mu_);
  bool stopping_ GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;  // constant after construction
};

}  // namespace gantry
