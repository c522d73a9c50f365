#pragma once

#include "controllers/runtime/manager.h"

namespace gantry::ns {

// Empties a Namespace that is being deleted: deletes every object of every namespaced kind, waits
// for finalizers, says in conditions what is left and who holds it, and at last lets the namespace
// go. `manager` outlives the controller.
void AddNamespaceController(runtime::Manager* manager);

}  // namespace gantry::ns
