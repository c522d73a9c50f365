#pragma once

#include "controllers/hosts/host_pool.h"
#include "controllers/runtime/manager.h"

namespace gantry::volume {

// Removes the data of deleted Volumes from the hosts (reclaimPolicy Delete), once no Container uses
// them, and keeps the Ready condition. Data is made by the Container controller, on the hosts where
// it is used, and noted in status.nodes first. `manager` and `hosts` outlive the controller.
void AddVolumeController(runtime::Manager* manager, hosts::HostPool* hosts);

}  // namespace gantry::volume
