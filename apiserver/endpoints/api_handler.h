#pragma once

#include "apiserver/endpoints/endpoints.h"

namespace gantry::apiserver {

// The end of the filter chain: answers what request.info addresses. `endpoints` must outlive it.
Handler MakeApiHandler(const Endpoints* endpoints);

}  // namespace gantry::apiserver
