#pragma once

#include <string>

#include "apis/client/transport.h"

namespace gantry::http {

// One request to the HTTP server at a socket of the file system, and its whole answer. Blocks; a
// server that says nothing for 30 s has failed. kUnavailable when nobody answers: `connect to
// /run/docker.sock: No such file or directory`.
Result<client::HttpResponse> DoOverUnixSocket(const std::string& path,
                                              const client::HttpRequest& request);

}  // namespace gantry::http
