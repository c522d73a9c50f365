#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/mutex.h"
#include "store/store.h"

// Fans committed events out to watches. Each watch is a cursor: it reads recent events from one
// shared ring, and older ones from the backend's history. Few threads serve all watches; another
// one is started only while a sink keeps the present ones busy.
namespace gantry::store {

// Events in revision order, without gaps. `last` is the revision up to which they are complete.
struct EventBatch {
  std::vector<Event> events;
  Revision last = 0;
};

// A backend's record of past events. Thread-safe.
class EventHistory {
 public:
  static constexpr size_t kPageBytes = 1 << 20;  // about what one ReadEvents returns at most

  virtual ~EventHistory() = default;
  // The first events after `after`, as many as fit kPageBytes, at least one if
  // there is one. `last` is the newest visible revision when no more follow. kExpired when `after`
  // is before the horizon.
  virtual Result<EventBatch> ReadEvents(Revision after) = 0;
};

// Thread-safe.
class WatchHub {
 public:
  static constexpr size_t kMaxWorkers = 8;
  static constexpr size_t kMaxRingBytes = 4 << 20;

  // `history` and `clock` outlive the hub.
  WatchHub(EventHistory* history, const Clock* clock);
  // REQUIRES: no watches are left. Joins.
  ~WatchHub();
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  // Whether there is a watch, so that a committer need not build events for nobody.
  bool wanted() const { return watch_count_.load(std::memory_order_relaxed) > 0; }

  // Announces that everything up to `batch.last` is visible and readable from the history. The
  // events may be left out, all of them; they are then read from there. Calls come in order.
  void Publish(EventBatch batch);

  // The caller has checked that `after` is readable; `visible` is the newest visible revision.
  std::unique_ptr<WatchHandle> Watch(std::string_view prefix, Revision after, Revision visible,
                                     EventSink sink);

 private:
  class Handle;
  struct Watcher;
  struct RingBatch {
    std::shared_ptr<const EventBatch> batch;
    size_t bytes;
  };

  void Work();
  // One step of `w`: the next events, or progress. Unlocks while it reads and calls the sink.
  void Step(Watcher* w) REQUIRES(mu_);
  void Deliver(Watcher* w, const std::vector<Event>& events) REQUIRES(mu_);
  // A watch with something to do now that nobody serves, or null. Sets `*due` to the time at which
  // the first progress event falls due, if one is waited for.
  Watcher* NextReady(std::optional<MonoTime>* due) REQUIRES(mu_);
  void StartWorkerIfBusy() REQUIRES(mu_);
  void TrimRing() REQUIRES(mu_);
  void Remove(Watcher* w);

  // Constant after construction.
  EventHistory* const history_;
  const Clock* const clock_;

  std::atomic<int> watch_count_{0};

  Mutex mu_;
  CondVar work_;  // something to do, or stopping
  CondVar idle_;  // a watcher stopped being busy
  bool stopping_ GUARDED_BY(mu_) = false;
  int waiting_workers_ GUARDED_BY(mu_) = 0;
  std::vector<std::thread> workers_ GUARDED_BY(mu_);
  std::list<std::unique_ptr<Watcher>> watchers_ GUARDED_BY(mu_);
  Revision published_ GUARDED_BY(mu_) = 0;
  // The ring holds every event in (ring_floor_, published_].
  Revision ring_floor_ GUARDED_BY(mu_) = 0;
  size_t ring_bytes_ GUARDED_BY(mu_) = 0;
  std::deque<RingBatch> ring_ GUARDED_BY(mu_);
};

}  // namespace gantry::store
