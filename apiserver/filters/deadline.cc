#include <algorithm>

#include "apiserver/filters/filters.h"
#include "apiserver/http/status_response.h"

namespace gantry::apiserver {

Handler WithDeadline(Handler next, Duration limit) {
  return [next = std::move(next), limit](Request& request) {
    if (IsLongRunning(request.info)) return next(request);
    Duration allowed = limit;
    if (const std::string asked = request.query.Get("timeout"); !asked.empty()) {
      const Result<Duration> parsed = ParseDuration(asked);
      if (!parsed.ok())
        return Ready(ErrorResponse(parsed.error().Wrap("invalid timeout in the query")));
      if (*parsed > Duration::zero()) allowed = std::min(allowed, *parsed);
    }
    request.ctx = request.ctx.WithTimeout(allowed);
    return next(request);
  };
}

}  // namespace gantry::apiserver
