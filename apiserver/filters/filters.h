#pragma once

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/random.h"
#include "apiserver/auth/authenticator.h"
#include "apiserver/auth/authorizer.h"
#include "apiserver/http/handler.h"

// The filters of a request, one file each. Every one takes the handler behind it and returns the
// handler with itself in front; what it refers to must outlive the result.
// apiserver/filters/chain.h has their order.
namespace gantry::apiserver {

// Gives the request an id (the header Audit-Id of the answer) and turns an exception that escaped
// everything else into a 500. The only catch-all of the server.
Handler WithRequestIdAndPanicGuard(Handler next, Random* random);

// Parses method and path into request.info.
Handler WithRequestInfo(Handler next);

// Adds `Warning: 299 - "..."` headers for request.warnings.
Handler WithWarnings(Handler next);

// Counts requests and their durations under kube-apiserver's names.
Handler WithMetrics(Handler next, Clock* clock);

// Sets the request's deadline: `limit`, or less if the query's `timeout` says so; watches, logs,
// exec and attach have none.
Handler WithDeadline(Handler next, Duration limit);

// Fills request.user, or answers 401. Health endpoints need no credentials.
Handler WithAuthentication(Handler next, const Authenticator* authenticator);

// Writes one line per request to the log, at debug level: who did what, and how it ended.
Handler WithAudit(Handler next, Clock* clock);

// Lets so many requests of a sort be served at once. More of them wait for their turn, in order;
// those that find the line full, or that waited for `wait` or until their deadline, are answered
// 429 with Retry-After. Long-running ones do not count.
struct InFlightLimits {
  int read = 400;
  int mutating = 200;
  int queued = 800;  // of each sort
  Duration wait = std::chrono::seconds(5);
};
Handler WithMaxInFlight(Handler next, InFlightLimits limits);

// Answers 403 unless the user may do it. Health endpoints are open to all.
Handler WithAuthorization(Handler next, const Authorizer* authorizer);

// What a method and a path address, by Kubernetes' rules.
RequestInfo ParseRequestInfo(std::string_view method, std::string_view path, const Query& query);
// Watches, logs, exec and attach.
bool IsLongRunning(const RequestInfo& info);
// /healthz, /livez, /readyz and what is below them.
bool IsHealthPath(std::string_view path);

}  // namespace gantry::apiserver
