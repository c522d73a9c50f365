#pragma once

#include "apis/machinery/base/json.h"
#include "apiserver/http/handler.h"
#include "apiserver/http/status_response.h"  // ErrorResponse

namespace gantry::apiserver {

// An answer made of a small document.
Response JsonResponse(int status, const Json& body);

}  // namespace gantry::apiserver
