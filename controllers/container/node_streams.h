#pragma once

#include "apis/nodeproxy/node_streams.h"
#include "controllers/hosts/host_pool.h"
#include "controllers/runtime/manager.h"

namespace gantry::container {

// NodeStreams on the Docker driver: finds the Container's engine and container by its status. Each
// running stream has a thread that carries output to the sink, so the sink's blocking is the flow
// control. Thread-safe. `manager` and `hosts` outlive it.
std::unique_ptr<nodeproxy::NodeStreams> MakeNodeStreams(runtime::Manager* manager,
                                                        hosts::HostPool* hosts);

}  // namespace gantry::container
