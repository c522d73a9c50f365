#pragma once

#include "apis/machinery/base/json.h"

// metav1.Status: the one place where error codes meet HTTP status and Kubernetes reasons.
namespace gantry {

int HttpStatus(Code code);
// `NotFound`, `Conflict`, ... as in metav1.StatusReason.
std::string_view StatusReason(Code code);

// {"kind":"Status","apiVersion":"v1","status":"Failure",...}
Json StatusJson(const Error& error);
// {"kind":"Status","apiVersion":"v1","status":"Success",...} with optional details.
Json SuccessJson(Json details = Json());
// The error that a Status document (or any other error body) of an HTTP answer stands for.
Error ErrorFromStatus(int http_status, std::string_view body);

// Errors in Kubernetes' wording, with details filled: `services.gantry.dev "web" not found`.
Error NotFoundError(std::string_view group, std::string_view resource, std::string_view name);
Error AlreadyExistsError(std::string_view group, std::string_view resource, std::string_view name);
Error ConflictError(std::string_view group, std::string_view resource, std::string_view name,
                    std::string_view why);

}  // namespace gantry
