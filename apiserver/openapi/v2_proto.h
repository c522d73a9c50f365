#pragma once

#include <string>

#include "apis/machinery/base/json.h"

namespace gantry::apiserver::openapi {

// An OpenAPI v2 document in the binary form that Kubernetes' clients decode. Vendor extensions,
// defaults and enumerated values are YAML texts within it.
std::string EncodeV2(const Json& document);

}  // namespace gantry::apiserver::openapi
