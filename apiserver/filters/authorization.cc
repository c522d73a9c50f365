#include "apiserver/filters/filters.h"
#include "apiserver/filters/metrics.h"
#include "apiserver/http/status_response.h"

namespace gantry::apiserver {

Handler WithAuthorization(Handler next, const Authorizer* authorizer) {
  AuthMetrics& metrics = AuthMetrics::Get();
  return [next = std::move(next), authorizer, &metrics](Request& request) {
    const AccessRequest access{request.user, request.info, request.path};
    if (IsHealthPath(request.path)) return next(request);
    if (authorizer->Allowed(access)) {
      metrics.allowed.Increment();
      return next(request);
    }
    metrics.denied.Increment();
    CountDeniedController(request);
    std::string reason;
    authorizer->Decide(access, &reason);
    return Ready(ErrorResponse(ForbiddenError(access, reason)));
  };
}

}  // namespace gantry::apiserver
