#include "apiserver/filters/filters.h"
#include "apiserver/http/status_response.h"

namespace gantry::apiserver {

Handler WithAuthorization(Handler next, const Authorizer* authorizer) {
  return [next = std::move(next), authorizer](Request& request) {
    const AccessRequest access{request.user, request.info, request.path};
    if (IsHealthPath(request.path) || authorizer->Allowed(access)) return next(request);
    return Ready(ErrorResponse(ForbiddenError(access)));
  };
}

}  // namespace gantry::apiserver
