#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/mutex.h"
#include "store/rocksdb/engine_slot.h"
#include "store/rocksdb/reader.h"
#include "store/watch_hub.h"

namespace gantry::store {

// The one writer of a store. Whatever queued up while the disk synced is checked, written as one
// batch and synced once; there is no artificial delay. After a failed write nothing is
// acknowledged, because nobody knows what reached the disk, until
//  - the disk was full and has space again: the committer looks each recovery interval, then has
//    the engine opened again without what was not acknowledged;
//  - any other fault: the store is opened again.
//
// Thread-safe.
class Committer {
 public:
  using Done = std::function<void(Result<Revision>)>;

  // All outlive the committer. window->visible is set by the caller before.
  Committer(EngineSlot* slot, Window* window, WatchHub* hub,
            std::chrono::milliseconds recovery_interval);
  // Commits what is queued and joins.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  void Write(WriteOp op, Done done);
  // Refuses all writes from now on. The first error stays, unless the disk was only full then.
  void Fail(const EngineFault& fault);
  Status Health() const;
  size_t queued() const;

 private:
  struct Pending {
    WriteOp op;
    Done done;
    Result<Revision> outcome = Revision{0};
  };
  class Batch;

  void Run();
  // Waits for writes. False: there will be none any more.
  bool NextGroup(std::vector<Pending>* group);
  // Ends a failure that can end while the store is open, if it can be ended now.
  void TryToRecover();
  void Commit(std::vector<Pending>* group);
  // Writes some of the group, from `begin` on; returns the end of what has an outcome.
  Result<size_t> CommitBatch(std::vector<Pending>* group, size_t begin);

  // Constant after construction.
  const std::chrono::milliseconds recovery_interval_;
  EngineSlot* const slot_;
  Window* const window_;
  WatchHub* const hub_;

  std::atomic<bool> failed_{false};
  mutable Mutex mu_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mu_) = false;
  std::optional<Error> error_ GUARDED_BY(mu_);
  // When to try to recover; empty: there is no failure, or none that can end.
  std::optional<MonoTime> next_try_ GUARDED_BY(mu_);
  uint64_t faults_ GUARDED_BY(mu_) = 0;  // reported so far
  std::vector<Pending> queue_ GUARDED_BY(mu_);

  std::thread thread_;  // last: it uses the rest
};

}  // namespace gantry::store
