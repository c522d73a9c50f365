#pragma once

#include <memory>

#include "apis/client/transport.h"
#include "apis/machinery/http/options.h"

namespace gantry::http {

// A transport to an API server over HTTP/1.1, usually with TLS. Connections are kept and shared; a
// request that meets a connection which the server has just closed is sent again on a fresh one.
// Deadlines and cancellation of the context hold for streams too: after them Read fails. A body
// that is not read is buffered in memory.
//
// kBadRequest when the URL or the PEM texts cannot be used; the server is not contacted here.
// Later, a failure to reach it is kUnavailable: `connect to 127.0.0.1:7443: connection refused`.
Result<std::shared_ptr<client::Transport>> NewHttpsTransport(const TransportOptions& options);

}  // namespace gantry::http
