#pragma once

#include "controllers/runtime/manager.h"

namespace gantry::gc {

// Deletes objects whose owners are all gone, and carries out foreground and orphan deletion, for
// every kind that discovery shows, user-made ones too. `manager` outlives the controller.
void AddGarbageCollector(runtime::Manager* manager);

}  // namespace gantry::gc
