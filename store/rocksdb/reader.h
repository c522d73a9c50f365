#pragma once

#include <atomic>

#include "store/rocksdb/engine_slot.h"
#include "store/watch_hub.h"

namespace gantry::store {

// Which revisions may be read: horizon <= revision <= visible. Written by the committer and the
// compactor, after their own durable steps.
struct Window {
  std::atomic<Revision> visible{0};
  std::atomic<Revision> horizon{0};
};

// Consistent reads at a revision, each from one RocksDB snapshot. Thread-safe.
class Reader : public EventHistory {
 public:
  // Both outlive the reader.
  Reader(EngineSlot* slot, const Window* window) : slot_(slot), window_(window) {}

  Result<GetResult> Get(std::string_view key, Revision at) const;
  Result<ListResult> List(std::string_view prefix, const ListOptions& options) const;
  Result<EventBatch> ReadEvents(Revision after) override;

 private:
  // Opens an iterator at `*at` (0: the newest, which is then stored there) that no compaction can
  // take versions from.
  Result<std::unique_ptr<rocksdb::Iterator>> Open(Engine* engine, const rocksdb::ReadOptions& read,
                                                  Revision* at) const;

  EngineSlot* const slot_;
  const Window* const window_;
};

}  // namespace gantry::store
