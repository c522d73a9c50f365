#include "apis/machinery/base/context.h"

#include <algorithm>
#include <list>
#include <thread>

namespace gantry {

struct Context::State {
  struct Callback {
    std::function<void()> fn;
    bool running = false;
    std::thread::id runner;
  };

  Mutex mu;
  CondVar changed;
  bool is_cancelled GUARDED_BY(mu) = false;
  std::list<std::shared_ptr<Callback>> callbacks GUARDED_BY(mu);

  // Constant after construction.
  std::optional<MonoTime> deadline;
  std::shared_ptr<void> parent_guard;
};

Context Context::WithCancel() const {
  auto child = std::make_shared<State>();
  child->deadline = deadline();
  Context ctx(child);
  if (state_) {
    std::weak_ptr<State> weak = child;
    child->parent_guard = OnCancel([weak] {
      if (auto s = weak.lock()) Context(s).Cancel();
    });
  }
  return ctx;
}

Context Context::WithTimeout(Duration timeout) const {
  Context ctx = WithCancel();
  const MonoTime at =
      Clock::Real()->Mono() + std::chrono::duration_cast<MonoTime::duration>(timeout);
  auto& deadline = ctx.state_->deadline;
  deadline = deadline ? std::min(*deadline, at) : at;
  return ctx;
}

void Context::Cancel() const {
  if (!state_) return;
  std::shared_ptr<State> s = state_;
  s->mu.Lock();
  if (s->is_cancelled) {
    s->mu.Unlock();
    return;
  }
  s->is_cancelled = true;
  s->changed.SignalAll();
  while (!s->callbacks.empty()) {
    std::shared_ptr<State::Callback> cb = s->callbacks.front();
    s->callbacks.pop_front();
    cb->running = true;
    cb->runner = std::this_thread::get_id();
    s->mu.Unlock();
    cb->fn();
    s->mu.Lock();
    cb->running = false;
    s->changed.SignalAll();
  }
  s->mu.Unlock();
}

bool Context::cancelled() const {
  if (!state_) return false;
  MutexLock lock(&state_->mu);
  return state_->is_cancelled;
}

std::optional<MonoTime> Context::deadline() const {
  return state_ ? state_->deadline : std::nullopt;
}

Status Context::Check() const {
  if (cancelled()) return Error(Code::kCancelled, "cancelled");
  if (auto d = deadline(); d && Clock::Real()->Mono() >= *d)
    return Error(Code::kTimeout, "deadline exceeded");
  return OkStatus();
}

Status Context::SleepFor(Duration d) const {
  MonoTime until = Clock::Real()->Mono() + std::chrono::duration_cast<MonoTime::duration>(d);
  if (!state_) {
    std::this_thread::sleep_until(until);
    return OkStatus();
  }
  if (state_->deadline) until = std::min(until, *state_->deadline);
  {
    MutexLock lock(&state_->mu);
    while (!state_->is_cancelled && state_->changed.WaitUntil(&state_->mu, until)) {
    }
  }
  return Check();
}

std::shared_ptr<void> Context::OnCancel(std::function<void()> fn) const {
  if (!state_) return nullptr;
  auto cb = std::make_shared<State::Callback>();
  cb->fn = std::move(fn);
  std::shared_ptr<State> s = state_;
  bool run_now = false;
  {
    MutexLock lock(&s->mu);
    if (s->is_cancelled) {
      run_now = true;
    } else {
      s->callbacks.push_back(cb);
    }
  }
  if (run_now) {
    cb->fn();
    return nullptr;
  }
  // The guard holds the state weakly so that a child kept by its own parent_guard can die.
  std::weak_ptr<State> weak = s;
  auto remove = [weak, cb](void*) NO_THREAD_SAFETY_ANALYSIS {
    auto state = weak.lock();
    if (!state) return;
    MutexLock lock(&state->mu);
    state->callbacks.remove(cb);
    while (cb->running && cb->runner != std::this_thread::get_id()) state->changed.Wait(&state->mu);
  };
  return std::shared_ptr<void>(cb.get(), std::move(remove));
}

}  // namespace gantry
