#include "apiserver/filters/chain.h"

namespace gantry::apiserver {

// Read from the bottom: the last line runs first. A body is not decoded before the endpoint, so
// nobody who is refused costs more than a header.
Handler BuildFilterChain(Handler endpoint, const FilterConfig& config) {
  Handler h = std::move(endpoint);
  if (config.revocations != nullptr) h = WithRevocation(std::move(h), config.revocations);
  h = WithAuthorization(std::move(h), config.authorizer);
  h = WithMaxInFlight(std::move(h), config.in_flight);
  if (config.running != nullptr) h = WithRunning(std::move(h), config.clock, config.running);
  h = WithImpersonation(std::move(h), config.authorizer);
  if (config.audit != nullptr) h = WithAudit(std::move(h), config.clock, config.audit);
  h = WithAuthentication(std::move(h), config.authenticator);
  if (config.audit != nullptr) h = WithRefusalAudit(std::move(h), config.clock, config.audit);
  h = WithDeadline(std::move(h), config.request_limit);
  h = WithRequestInfo(std::move(h));
  h = WithPanicGuard(std::move(h));
  h = WithMetrics(std::move(h), config.clock, config.served);
  h = WithWarnings(std::move(h));
  h = WithRequestLog(std::move(h), config.clock, config.slow);
  return WithRequestId(std::move(h), config.random);
}

}  // namespace gantry::apiserver
