#pragma once

#include "tests/consistency/checker/log.h"

// The real-time order: Linearizable and Monotonic; check.h says how it is decided.
namespace gantry::consistency {

void CheckOrder(const History& history, const Log& log, Report* report);

}  // namespace gantry::consistency
