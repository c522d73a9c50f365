#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "apis/machinery/base/mutex.h"

namespace gantry::apiserver {

// The callback of BodyStream::OnReady: armed by the reader, fired at most once by whoever makes
// progress possible. Thread-safe.
class ReadySignal {
 public:
  // Replaces the callback.
  void Arm(std::function<void()> fn);
  // Removes it, and waits for a call that is running (unless it is this thread's own).
  void Disarm();
  // Calls the callback, if one is armed, and forgets it.
  void Fire();

 private:
  Mutex mu_;
  CondVar idle_;
  std::function<void()> fn_ GUARDED_BY(mu_);
  std::vector<std::thread::id> running_ GUARDED_BY(mu_);
};

}  // namespace gantry::apiserver
