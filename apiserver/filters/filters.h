#pragma once

#include <functional>
#include <string>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/random.h"
#include "apiserver/auth/authenticator.h"
#include "apiserver/auth/authorizer.h"
#include "apiserver/http/handler.h"

// The filters of a request, one file each. Every one takes the handler behind it and returns the
// handler with itself in front; what it refers to must outlive the result.
// apiserver/filters/chain.h has their order.
namespace gantry::apiserver {

class Revocations;
class RunningRequests;
struct AuditTrail;

// Gives the request an id, which the answer carries as Audit-Id and every log line about the
// request names: the one that the client sent, if it is short and plain, else a new one.
Handler WithRequestId(Handler next, Random* random);

// Turns an exception that escaped everything else into a 500: the only catch-all of the server.
Handler WithPanicGuard(Handler next);

// Writes a line about the request: at debug level for every one; at info for those that a client
// sent and that were refused (4xx); as a warning for what failed (5xx), and, with the time of each
// step, for what took `slow` or longer. Lines that clients cause are limited in number.
Handler WithRequestLog(Handler next, Clock* clock, Duration slow);

// The path and query as they may be logged and shown: bounded, and without the values of
// parameters that could carry a secret.
std::string LoggableUri(const Request& request);

// Parses method and path into request.info.
Handler WithRequestInfo(Handler next);

// Adds `Warning: 299 - "..."` headers for request.warnings.
Handler WithWarnings(Handler next);

// Counts requests, their durations and sizes under kube-apiserver's names. Labels name a resource
// only if `served` (may be empty: none) says that there is one.
using ServedPredicate = std::function<bool(const RequestInfo& info)>;
Handler WithMetrics(Handler next, Clock* clock, ServedPredicate served);

// Sets the request's deadline: `limit`, or less if the query's `timeout` says so; watches, logs,
// exec and attach have none.
Handler WithDeadline(Handler next, Duration limit);

// Fills request.user, or answers 401. Health endpoints need no credentials.
Handler WithAuthentication(Handler next, const Authenticator* authenticator);

// Makes request.user the one that the Impersonate-User, -Group, -Uid and -Extra-* headers name, if
// the sender may `impersonate` each of these; else answers 403. Who it was before stays in
// request.impersonator. 400 when the others come without Impersonate-User.
Handler WithImpersonation(Handler next, const Authorizer* authorizer);

// Records requests in the audit log, as its policy says for the user and what they want. A stream
// is recorded at its beginning and at its end.
Handler WithAudit(Handler next, Clock* clock, const AuditTrail* trail);
// Records what authentication refuses; stands in front of it.
Handler WithRefusalAudit(Handler next, Clock* clock, const AuditTrail* trail);

// Keeps the request in `running` from now until its answer, or its stream, is over.
Handler WithRunning(Handler next, Clock* clock, RunningRequests* running);

// Lets so many requests of a sort be served at once; one with a large body counts as several. More
// of them wait for their turn, users in turn (FairQueue); those that find the line full, or that
// waited for `wait` or until their deadline, are answered 429 with Retry-After. While several users
// send requests, one user has an eighth of the places. Long-running ones do not count, nor those
// who look how the server is.
struct InFlightLimits {
  int read = 400;
  int mutating = 200;
  int queued = 800;  // of each sort
  Duration wait = std::chrono::seconds(5);
  int queued_user = 600;  // of them, of one user
};
Handler WithMaxInFlight(Handler next, InFlightLimits limits);

// Answers 403 unless the user may do it. Health endpoints are open to all.
Handler WithAuthorization(Handler next, const Authorizer* authorizer);

// Ends the streams of long-running requests when their user loses the right to them.
Handler WithRevocation(Handler next, Revocations* revocations);

// What a method and a path address, by Kubernetes' rules.
RequestInfo ParseRequestInfo(std::string_view method, std::string_view path, const Query& query);
// Health, metrics and the debug page.
bool IsAboutServer(std::string_view path);
// Watches, logs, exec and attach.
bool IsLongRunning(const RequestInfo& info);
// /healthz, /livez, /readyz and what is below them.
bool IsHealthPath(std::string_view path);

}  // namespace gantry::apiserver
