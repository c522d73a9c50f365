#pragma once

#include "controllers/hosts/host_pool.h"
#include "controllers/runtime/manager.h"

namespace gantry::container {

// Runs the Containers that are bound to Nodes on their hosts: one lane per host, made when the
// first Container or Node asks for it. `manager` and `hosts` outlive the controller.
void AddContainerController(runtime::Manager* manager, hosts::HostPool* hosts);

// What marks everything that an installation makes on its hosts: the uid of its namespace
// gantry-system.
Result<std::string> InstallationId(const Context& ctx, const client::Client& client);

}  // namespace gantry::container
