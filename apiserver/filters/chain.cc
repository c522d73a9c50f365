#include "apiserver/filters/chain.h"

namespace gantry::apiserver {

// Read from the bottom: the last line runs first. A body is not decoded before the endpoint, so
// nobody who is refused costs more than a header.
Handler BuildFilterChain(Handler endpoint, const FilterConfig& config) {
  Handler h = std::move(endpoint);
  h = WithAuthorization(std::move(h), config.authorizer);
  h = WithMaxInFlight(std::move(h), config.in_flight);
  h = WithAudit(std::move(h), config.clock);
  h = WithAuthentication(std::move(h), config.authenticator);
  h = WithDeadline(std::move(h), config.request_limit);
  h = WithMetrics(std::move(h), config.clock);
  h = WithWarnings(std::move(h));
  h = WithRequestInfo(std::move(h));
  return WithRequestIdAndPanicGuard(std::move(h), config.random);
}

}  // namespace gantry::apiserver
