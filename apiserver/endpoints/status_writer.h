#pragma once

#include "apis/machinery/base/json.h"
#include "apiserver/http/handler.h"
#include "apiserver/http/status_response.h"  // ErrorResponse

namespace gantry::apiserver {

// An answer made of a small document.
Response JsonResponse(int status, const Json& body);

// The whole body as one text, whoever carries it; the response has none afterwards. Not for what is
// `long_running`.
std::string TakeBody(Response* response);

}  // namespace gantry::apiserver
