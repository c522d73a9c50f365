#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/result.h"

// Deadline and cancellation of a call, passed down by const reference. Copies share one state.
// Thread-safe.
namespace gantry {

class Context {
 public:
  // Never cancelled, no deadline.
  Context() = default;

  // A child that is cancelled with its parent or by Cancel().
  Context WithCancel() const;
  // A child that also has a deadline `timeout` from now (the earlier of it and the parent's).
  // A deadline is passive: it is reported by Check() and waited for by SleepFor() and by I/O.
  Context WithTimeout(Duration timeout) const;

  // Cancels this context and its children, and runs their OnCancel callbacks once, on this thread.
  void Cancel() const;

  bool cancelled() const;
  std::optional<MonoTime> deadline() const;
  // kCancelled or kTimeout once the call should end.
  Status Check() const;
  // Waits `d`; ends early, with an error, on cancellation or at the deadline.
  Status SleepFor(Duration d) const;

  // Runs `fn` when this context is cancelled (at once, if it already is). The callback is removed
  // when the returned guard dies; the guard's destructor waits for a callback that is running.
  [[nodiscard]] std::shared_ptr<void> OnCancel(std::function<void()> fn) const;

 private:
  struct State;
  explicit Context(std::shared_ptr<State> s) : state_(std::move(s)) {}
  std::shared_ptr<State> state_;  // null: background
};

}  // namespace gantry
