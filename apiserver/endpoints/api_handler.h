#pragma once

#include "apiserver/endpoints/endpoints.h"

namespace gantry::apiserver {

// Whether the kind has it in that version.
bool HasSubresource(const Target& target, const std::string& subresource);

// The end of the filter chain: answers what request.info addresses. `endpoints` must outlive it.
Handler MakeApiHandler(const Endpoints* endpoints);

}  // namespace gantry::apiserver
