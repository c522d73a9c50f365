#pragma once

#include "controllers/runtime/manager.h"

namespace gantry::cluster {

// Keeps each Cluster's status (nodes, phase, Ready), holds a Cluster that is being deleted until
// nothing refers to it, and makes the Cluster `default` when there is none at all at the start.
// `manager` outlives the controller.
void AddClusterController(runtime::Manager* manager);

// Holds a deleted Cluster while Nodes or Applications refer to it.
inline constexpr char kFinalizer[] = "gantry.dev/cluster";

}  // namespace gantry::cluster
