#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/base/task.h"
#include "apis/machinery/base/thread_pool.h"

namespace gantry::apiserver {

// Lets coroutines pass one after the other, in the order of their coming, without holding a thread
// while they wait. Thread-safe.
class Turns {
 public:
  // `pool` runs those who waited. It outlives everybody's turn.
  explicit Turns(ThreadPool* pool) : pool_(pool) {}
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  // A turn; it ends with this object. An empty one is nobody's.
  class Turn {
   public:
    Turn() = default;
    explicit Turn(Turns* turns) : turns_(turns) {}
    Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)) {}
    Turn& operator=(Turn&& other) noexcept {
      std::swap(turns_, other.turns_);
      return *this;
    }
    ~Turn() {
      if (turns_ != nullptr) turns_->End();
    }

   private:
    Turns* turns_ = nullptr;
  };

  // Waits for one's turn.
  Task<Turn> Take();

 private:
  // `go` is called at once, or by the pool when its turn comes.
  void Enter(std::function<void(bool)> go);
  void End();

  ThreadPool* const pool_;
  Mutex mu_;
  bool taken_ GUARDED_BY(mu_) = false;
  std::deque<std::function<void(bool)>> waiting_ GUARDED_BY(mu_);
};

}  // namespace gantry::apiserver
