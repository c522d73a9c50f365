#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apis/machinery/base/mutex.h"
#include "apiserver/storage/filter.h"
#include "apiserver/storage/ready_signal.h"
#include "apiserver/storage/tree.h"

namespace gantry::apiserver {

// One change of one object, with the state of the resource right after it.
struct CacheEvent {
  enum class Type { kPut, kDelete };
  Type type;
  EntryPtr entry;     // kPut: the new state; kDelete: the last one, at the deletion's revision
  EntryPtr previous;  // null: the key was new
  Tree tree;
};

// A consistent state of one resource.
struct Snapshot {
  Tree tree;
  store::Revision revision = 0;
};

// Rewrites records that were made with another schema; see CacheSet.
struct RecordTransform {
  uint64_t identity = 0;  // equal ones do the same
  // Whether a record can be served as it is.
  std::function<bool(const RecordHeader& header)> fits;
  std::function<Result<std::string>(std::string_view record)> convert;
};

struct RingLimits {
  size_t events = 8192;
  size_t bytes = 32 << 20;
};

// The present state of one resource and its recent events. Apply and Load belong to the feeder (one
// thread); the rest is thread-safe and never waits for more than a few pointer copies. What was
// applied is seen once it is published: then the other resources are as new, and nobody who reads
// one after the other sees time go back.
class ResourceCache {
 public:
  using Cursor = uint64_t;  // the number of the next event to read

  // `applied`: the revision up to which the feeder has published, of all resources. `start`:
  // history before it is unknown, and at it there is nothing.
  ResourceCache(const std::atomic<store::Revision>* applied, RingLimits limits,
                store::Revision start = 0)
      : applied_(applied), limits_(limits), last_event_(start), start_(start) {}

  Snapshot Current() const;
  // The state at a past revision, while the ring reaches back so far.
  std::optional<Tree> At(store::Revision revision) const;
  EntryPtr Get(std::string_view key) const { return Current().tree.Find(key); }

  // --- Watching.
  struct Attached {
    Snapshot snapshot;
    Cursor cursor;
    uint64_t incarnation;
  };
  // The present state, and the cursor behind it.
  Attached Attach() const;
  // The cursor of the first event after `revision` (a future one is fine: the reader skips).
  // kExpired when the ring does not reach back so far.
  Result<Attached> AttachAfter(store::Revision revision) const;

  struct Read {
    enum class State { kOk, kFellOff, kClosed } state = State::kOk;
    std::vector<std::shared_ptr<const CacheEvent>> events;
    store::Revision revision = 0;  // everything up to here was read, when `events` is empty
  };
  Read ReadFrom(Cursor cursor, uint64_t incarnation, size_t max) const;
  // Fires `signal` once there is an event at or behind `cursor` whose key starts with `prefix`, or
  // the cache was closed, or the cursor is about to fall off the ring; at once when there is
  // already.
  void Wait(Cursor cursor, uint64_t incarnation, const std::string& prefix,
            std::shared_ptr<ReadySignal> signal);
  void Forget(const ReadySignal* signal);
  // The published events that a reader at `cursor` has not read yet.
  struct Backlog {
    size_t events = 0;
    size_t bytes = 0;
  };
  Backlog Behind(Cursor cursor, uint64_t incarnation) const;
  // The history that watches can start from.
  struct Window {
    store::Revision first = 0;  // watches after this revision and later ones
    store::Revision last = 0;   // the newest event's
    size_t events = 0;
    size_t bytes = 0;
    size_t objects = 0;
    size_t waiting = 0;  // watchers that have read everything
  };
  Window Look() const;

  // --- For the feeder.
  // The state with what is not published yet.
  Tree Newest() const;
  void Load(const std::vector<EntryPtr>& sorted, store::Revision revision);
  void ApplyPut(EntryPtr entry);
  void ApplyDelete(std::string_view key, EntryPtr last);
  // Fires the waiters that the events since the last call concern.
  void Notify();
  // Replaces all entries (same keys, rewritten documents), forgets history and ends all watches.
  void Rebuild(const std::vector<EntryPtr>& sorted);
  // Ends all watches; what is stored stays readable.
  void CloseWatches();
  RecordTransform transform;  // the feeder's own

 private:
  struct Waiter {
    Cursor cursor;
    std::string prefix;
    std::shared_ptr<ReadySignal> signal;
  };
  void AppendLocked(CacheEvent event) REQUIRES(mu_);
  void CloseWatchesLocked() REQUIRES(mu_);
  // The revision that readers see. The feeder moves it without the lock: take it once, and all that
  // goes with it from there.
  store::Revision VisibleLocked() const REQUIRES(mu_);
  // How many events of the ring are published at `visible`, and the state after them.
  size_t PublishedLocked(store::Revision visible) const REQUIRES(mu_);
  const Tree& TreeLocked(size_t published) const REQUIRES(mu_);

  const std::atomic<store::Revision>* const applied_;
  const RingLimits limits_;

  mutable Mutex mu_;
  Tree tree_ GUARDED_BY(mu_);
  store::Revision last_event_ GUARDED_BY(mu_) = 0;
  std::deque<std::shared_ptr<const CacheEvent>> ring_ GUARDED_BY(mu_);
  size_t ring_bytes_ GUARDED_BY(mu_) = 0;
  Cursor first_ GUARDED_BY(mu_) = 0;           // the number of ring_.front()
  store::Revision start_ GUARDED_BY(mu_) = 0;  // the ring has every event after this revision
  Tree start_tree_ GUARDED_BY(mu_);            // the state at start_
  uint64_t incarnation_ GUARDED_BY(mu_) = 0;
  std::map<const ReadySignal*, Waiter> waiters_ GUARDED_BY(mu_);
  std::vector<std::string> changed_ GUARDED_BY(mu_);  // keys since the last Notify
  bool closed_ GUARDED_BY(mu_) = false;               // watches were ended since the last Notify
};

}  // namespace gantry::apiserver
