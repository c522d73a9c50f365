#pragma once

#include "apiserver/endpoints/endpoints.h"

// The subresources of Containers that are streams: log, exec, attach.
namespace gantry::apiserver {

bool IsConnectSubresource(const std::string& subresource);
// 503 without NodeStreams; exec and attach need a WebSocket (400 otherwise).
Task<Response> ServeConnect(const Endpoints& e, Request& request, const Target& target);

// Where streams come from, and threads for what waits on nodes. Both outlive what serves them.
struct StreamSource {
  nodeproxy::NodeStreams* streams;
  ThreadPool* pool;
};
// The same subresources for a process that has streams but no objects; other paths are 404. It
// wants the filters in front of it that the API has.
Handler MakeStreamsHandler(StreamSource source);

}  // namespace gantry::apiserver
