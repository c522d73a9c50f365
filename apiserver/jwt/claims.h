#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/json.h"
#include "apis/machinery/base/result.h"

// The claims that all tokens share. Errors are kUnauthorized and name the claim.
namespace gantry::apiserver::jwt {

// `aud`, a text or a list of texts; empty when absent.
Result<std::vector<std::string>> AudiencesOf(const Json& claims);

// `exp`, which must be there and ahead, and `nbf`, which may be absent and a little ahead: by
// `leeway`, for clocks that differ.
Status CheckTimes(const Json& claims, WallTime now, Duration leeway);

}  // namespace gantry::apiserver::jwt
