#pragma once

#include <deque>
#include <set>
#include <string>

#include "controllers/drivers/docker/types.h"

namespace gantry::docker {

// Recognises events that were delivered before, as happens when a stream is opened anew with an
// overlap. Remembers the last 1024. Not thread-safe.
class EventDedupe {
 public:
  // Whether `e` is new.
  bool Add(const Event& e);

 private:
  std::set<std::string> seen_;
  std::deque<std::string> order_;
};

// The `since` value of an events request: `time_nano`, less a second of overlap.
std::string EventsSince(int64_t time_nano);

}  // namespace gantry::docker
