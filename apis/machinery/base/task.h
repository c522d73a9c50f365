#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include "apis/machinery/base/mutex.h"

// A lazy coroutine: it starts when it is awaited (or given to Start or RunBlocking) and resumes its
// awaiter on whatever thread completed it. Lambdas that are coroutines must not capture: the
// closure can be gone before the coroutine runs; pass by parameter.
namespace gantry {

template <typename T>
class [[nodiscard]] Task {
 public:
  struct promise_type {
    std::optional<T> value;
    std::exception_ptr error;
    std::coroutine_handle<> continuation = std::noop_coroutine();

    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Resume {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(Handle h) noexcept {
          return h.promise().continuation;
        }
        void await_resume() noexcept {}
      };
      return Resume{};
    }
    template <typename U>
    void return_value(U&& v) {
      value.emplace(std::forward<U>(v));
    }
    void unhandled_exception() { error = std::current_exception(); }
  };
  using Handle = std::coroutine_handle<promise_type>;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  auto operator co_await() && {
    struct Awaiter {
      Handle h;
      bool await_ready() { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) {
        h.promise().continuation = caller;
        return h;
      }
      T await_resume() {
        if (h.promise().error) std::rethrow_exception(h.promise().error);
        return std::move(*h.promise().value);
      }
    };
    return Awaiter{handle_};
  }

 private:
  explicit Task(Handle h) : handle_(h) {}
  Handle handle_;
};

namespace internal {
// Destroys itself when it ends.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};
template <typename T, typename Done>
Detached Run(Task<T> task, Done done) {
  done(co_await std::move(task));
}
}  // namespace internal

// Starts `task` on this thread; `done(T)` is called once, on the thread that completes it. `task`
// must not throw.
template <typename T, typename Done>
void Start(Task<T> task, Done done) {
  internal::Run(std::move(task), std::move(done));
}

// Runs `task` and blocks until it is complete.
template <typename T>
T RunBlocking(Task<T> task) {
  Mutex mu;
  CondVar cv;
  std::optional<T> result;
  Start(std::move(task), [&](T value) {
    MutexLock lock(&mu);
    result.emplace(std::move(value));
    cv.Signal();
  });
  MutexLock lock(&mu);
  while (!result) cv.Wait(&mu);
  return std::move(*result);
}

// Awaits a callback API: `co_await Callback<T>([&](std::function<void(T)> done) { ... })`. `done`
// must be called exactly once, from any thread, also from inside the call.
template <typename T>
class Callback {
 public:
  explicit Callback(std::function<void(std::function<void(T)>)> start) : start_(std::move(start)) {}
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    // The frame that holds *this may be gone as soon as `done` ran.
    auto start = std::move(start_);
    start([this, h](T v) {
      value_.emplace(std::move(v));
      h.resume();
    });
  }
  T await_resume() { return std::move(*value_); }

 private:
  std::function<void(std::function<void(T)>)> start_;
  std::optional<T> value_;
};

}  // namespace gantry
