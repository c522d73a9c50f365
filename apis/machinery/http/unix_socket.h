#pragma once

#include <string>

#include "apis/client/transport.h"

namespace gantry::http {

inline constexpr Duration kUnixSocketSilence = std::chrono::seconds(30);

// One request to the HTTP server at a socket of the file system, and its whole answer. Blocks until
// `ctx` ends; kTimeout also for a server that says nothing for `silence`. kUnavailable when nobody
// answers: `connect to /run/docker.sock: No such file or directory`. kBadRequest for a path that no
// socket can have.
Result<client::HttpResponse> DoOverUnixSocket(const Context& ctx, const std::string& path,
                                              const client::HttpRequest& request,
                                              Duration silence = kUnixSocketSilence);

}  // namespace gantry::http
