#pragma once

#include "apis/machinery/base/json.h"
#include "apiserver/http/handler.h"

// Answers made of an error or of a small document.
namespace gantry::apiserver {

// The Status document of an error, with its HTTP status and Retry-After.
Response ErrorResponse(const Error& error);
Response JsonResponse(int status, const Json& body);

}  // namespace gantry::apiserver
