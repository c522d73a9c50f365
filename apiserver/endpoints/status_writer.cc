#include "apiserver/endpoints/status_writer.h"

#include "apis/machinery/meta/status.h"

namespace gantry::apiserver {

Response JsonResponse(int status, const Json& body) {
  Response response;
  response.status = status;
  response.body = DumpJson(body);
  return response;
}

Response ErrorResponse(const Error& error) {
  Response response = JsonResponse(HttpStatus(error.code), StatusJson(error));
  int retry_after = error.details ? error.details->retry_after_seconds : 0;
  if (retry_after == 0 && error.code == Code::kTooManyRequests) retry_after = 1;
  if (retry_after > 0) response.headers.Set("Retry-After", std::to_string(retry_after));
  return response;
}

}  // namespace gantry::apiserver
