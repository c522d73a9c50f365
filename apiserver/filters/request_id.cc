#include "apis/machinery/base/log.h"
#include "apiserver/filters/filters.h"
#include "apiserver/http/status_response.h"

namespace gantry::apiserver {
namespace {

Task<Response> Guarded(Request& request, const Handler& next, Random* random) {
  request.id = NewUuid(random);
  std::string what;
  try {
    Response response = co_await next(request);
    response.headers.Set("Audit-Id", request.id);
    co_return response;
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
    what = "an exception of an unknown type";
  }
  LOG_ERROR("request failed unexpectedly", {"id", request.id}, {"path", request.path},
            {"error", what});
  Response response = ErrorResponse(
      Error(Code::kInternal, "an unexpected error; the server's log has more under " + request.id));
  response.headers.Set("Audit-Id", request.id);
  co_return response;
}

}  // namespace

Handler WithRequestIdAndPanicGuard(Handler next, Random* random) {
  return
      [next = std::move(next), random](Request& request) { return Guarded(request, next, random); };
}

}  // namespace gantry::apiserver
