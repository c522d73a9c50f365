#pragma once

#include "tests/consistency/checker/lists.h"
#include "tests/consistency/checker/log.h"

// Ordered, Unique, Atomic, Reliable, Resumable and Bookmarkable; and Snapshot for what a watch
// begins with.
namespace gantry::consistency {

void CheckWatches(const History& history, const Log& log, const Progress& progress,
                  Revision resumable_within, Report* report);

}  // namespace gantry::consistency
