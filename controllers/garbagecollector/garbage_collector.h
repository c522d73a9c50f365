#pragma once

#include "controllers/runtime/manager.h"

namespace gantry::gc {

struct Options {
  // How long a deletion may wait before the object says what for.
  Duration patience = std::chrono::seconds(20);
};

// Deletes objects whose owners are all gone, and carries out foreground and orphan deletion, for
// every kind that discovery shows, user-made ones too. An object whose deletion is stuck says what
// it waits for. `manager` outlives the controllers.
void AddGarbageCollector(runtime::Manager* manager);
void AddGarbageCollector(runtime::Manager* manager, const Options& options);

}  // namespace gantry::gc
