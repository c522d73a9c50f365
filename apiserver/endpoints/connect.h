#pragma once

#include "apiserver/endpoints/endpoints.h"

// The subresources of Containers that are streams: log, exec, attach.
namespace gantry::apiserver {

bool IsConnectSubresource(const std::string& subresource);
// 503 without NodeStreams; exec and attach need a WebSocket (400 otherwise).
Task<Response> ServeConnect(const Endpoints& e, Request& request, const Target& target);

}  // namespace gantry::apiserver
