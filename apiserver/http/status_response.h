#pragma once

#include "apis/machinery/base/result.h"
#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// The answer that an error stands for: a metav1.Status body, its HTTP status and, when the error's
// details say so, Retry-After.
Response ErrorResponse(const Error& error);
// The same with another HTTP status (and `code` in the body), for those that Code does not have.
Response ErrorResponse(const Error& error, int http_status);

// An answer that is ready: `return Ready(ErrorResponse(e));` where a Task is expected.
Task<Response> Ready(Response response);

}  // namespace gantry::apiserver
