#pragma once

#include <memory>

#include "apis/client/transport.h"
#include "apis/nodeproxy/node_streams.h"

namespace gantry::nodeproxy {

// The streams of another process that serves them as `containers/{log,exec,attach}`, reached
// through `transport`. One thread for each running stream. The two outputs of a log come as one.
// Errors are those of the other process, or kUnavailable when it cannot be reached.
std::unique_ptr<NodeStreams> NewRemoteStreams(std::shared_ptr<client::Transport> transport);

}  // namespace gantry::nodeproxy
