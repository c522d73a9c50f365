#include "apis/machinery/base/log.h"
#include "apiserver/filters/filters.h"

namespace gantry::apiserver {
namespace {

// The path without its query: that is where a client might put a secret.
Task<Response> Audited(Request& request, const Handler& next, Clock* clock) {
  const MonoTime begin = clock->Mono();
  Response response = co_await next(request);
  LOG_DEBUG("request", {"id", request.id}, {"user", request.user.name}, {"from", request.remote},
            {"verb", request.info.verb}, {"path", request.path}, {"status", response.status},
            {"micros",
             std::chrono::duration_cast<std::chrono::microseconds>(clock->Mono() - begin).count()});
  co_return response;
}

}  // namespace

Handler WithAudit(Handler next, Clock* clock) {
  return [next = std::move(next), clock](Request& request) {
    if (!log::Enabled(log::Level::kDebug)) return next(request);
    return Audited(request, next, clock);
  };
}

}  // namespace gantry::apiserver
