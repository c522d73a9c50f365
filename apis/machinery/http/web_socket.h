#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apis/client/transport.h"
#include "apis/machinery/http/options.h"

namespace gantry::http {

// Opens a WebSocket with the headers of `request`. Blocks until it is open, `ctx` is cancelled or
// its deadline passes. An HTTP error of the server comes back as the error that it stands for.
Result<std::unique_ptr<client::WebSocket>> ConnectWebSocket(
    const Context& ctx, const TransportOptions& options, const client::HttpRequest& request,
    const std::vector<std::string>& protocols);

}  // namespace gantry::http
