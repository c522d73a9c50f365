#pragma once

#include "store/rocksdb/engine.h"
#include "store/rocksdb/reader.h"

namespace gantry::store {

// Deletes the versions that were superseded at or before `horizon`, the deletions among them, and
// the log up to there. The caller has made the horizon durable and visible to readers. Each step is
// atomic and may be repeated, so a crash in between leaves garbage at most, which the next call
// removes. Blocks; not to be run twice at once.
Status RemoveHistory(Engine* engine, Revision horizon);

}  // namespace gantry::store
