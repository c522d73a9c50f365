#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/mutex.h"
#include "apis/machinery/meta/gvk.h"
#include "controllers/runtime/metrics.h"

namespace gantry::runtime {

// The keys that a controller has to look at. A key waits at most once; it is handed to one worker
// at a time; a key that is added while it is being processed is handed out again afterwards.
// Failing keys come back after an exponential delay of their own. Thread-safe.
class WorkQueue {
 public:
  struct Options {
    Duration base_delay = std::chrono::milliseconds(5);
    Duration max_delay = std::chrono::seconds(30);
    std::string name;  // in metrics; empty: none are kept
  };
  // `clock` outlives the queue.
  explicit WorkQueue(Clock* clock) : WorkQueue(clock, Options{}) {}
  WorkQueue(Clock* clock, Options options);

  void Add(const ObjectKey& key);
  // Adds `key` when `delay` has passed; of several requests for one key the earliest counts.
  void AddAfter(const ObjectKey& key, Duration delay);
  // Adds `key` after its next backoff: base_delay doubled with every call since Forget.
  void AddRateLimited(const ObjectKey& key);
  // Resets the backoff of `key`.
  void Forget(const ObjectKey& key);
  // Failures of `key` since Forget.
  int Failures(const ObjectKey& key) const;

  // The next key; blocks until there is one, and returns nothing after ShutDown. Call Done with the
  // key afterwards. Delays are measured with the queue's clock and waited for in real time.
  std::optional<ObjectKey> Get();
  // The same without blocking: nothing when no key is due.
  std::optional<ObjectKey> TryGet();
  void Done(const ObjectKey& key);

  // Ends all Get calls; later Adds are ignored.
  void ShutDown();
  // Keys that wait to be handed out, without those whose delay has not passed.
  size_t depth() const;

  // What the queue is busy with.
  struct Report {
    size_t waiting = 0;  // for a worker
    size_t delayed = 0;  // for their time
    size_t processing = 0;
    Duration longest{};                                  // of those being processed
    Duration unfinished{};                               // all of them
    std::vector<std::pair<ObjectKey, Duration>> oldest;  // being processed, for how long
    std::vector<std::pair<ObjectKey, int>> failing;      // with failures since Forget, most first
  };
  // With at most `limit` keys of each sort.
  Report Look(size_t limit) const;

 private:
  struct Counters {
    prometheus::Counter* adds;
    prometheus::Counter* retries;
    prometheus::Histogram* waited;
    prometheus::Histogram* worked;
  };

  void AddLocked(const ObjectKey& key) REQUIRES(mu_);
  void AddAfterLocked(const ObjectKey& key, Duration delay) REQUIRES(mu_);
  // Moves delayed keys whose time has come into the queue.
  void PromoteLocked() REQUIRES(mu_);
  std::optional<ObjectKey> TakeLocked() REQUIRES(mu_);

  Clock* const clock_;
  const Options options_;
  const std::optional<Counters> counters_;

  mutable Mutex mu_;
  CondVar changed_;
  std::deque<ObjectKey> queue_ GUARDED_BY(mu_);               // order of handing out
  std::map<ObjectKey, MonoTime> dirty_ GUARDED_BY(mu_);       // need processing, since then
  std::map<ObjectKey, MonoTime> processing_ GUARDED_BY(mu_);  // since then
  std::map<ObjectKey, MonoTime> due_ GUARDED_BY(mu_);
  std::set<std::pair<MonoTime, ObjectKey>> by_time_ GUARDED_BY(mu_);  // the same as due_
  std::map<ObjectKey, int> failures_ GUARDED_BY(mu_);
  bool shut_down_ GUARDED_BY(mu_) = false;
};

}  // namespace gantry::runtime
