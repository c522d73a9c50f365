#pragma once

#include "tests/consistency/checker/log.h"

// Snapshot, for lists and pages; and that they are served while they are recent.
namespace gantry::consistency {

// What was written and could be known at a time.
class Progress {
 public:
  Progress(const History& history, const Log& log);
  // No revision above it was written before `time`.
  Revision NewestAt(Nanoseconds time) const;

 private:
  std::vector<std::pair<Nanoseconds, Revision>> highest_;  // by the begin of writes; both ascend
};

void CheckLists(const History& history, const Log& log, const Progress& progress,
                Revision resumable_within, Report* report);

// Evidence of what is in one state and not in the other one.
std::vector<std::string> Difference(const std::vector<Item>& got, const std::vector<Item>& want);

}  // namespace gantry::consistency
