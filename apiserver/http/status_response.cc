#include "apiserver/http/status_response.h"

#include "apis/machinery/meta/status.h"

namespace gantry::apiserver {

Response ErrorResponse(const Error& error) { return ErrorResponse(error, HttpStatus(error.code)); }

Response ErrorResponse(const Error& error, int http_status) {
  Json body = StatusJson(error);
  body["code"] = http_status;
  Response response;
  response.status = http_status;
  response.body = DumpJson(body) + "\n";
  if (error.details && error.details->retry_after_seconds > 0) {
    response.headers.Set("Retry-After", std::to_string(error.details->retry_after_seconds));
  }
  return response;
}

Task<Response> Ready(Response response) { co_return std::move(response); }

}  // namespace gantry::apiserver
