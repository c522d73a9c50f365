#pragma once

#include "apiserver/registry/registry.h"

namespace gantry::apiserver {

// The mutation that a PATCH body asks for, by its media type: JSON patch, merge patch and, for
// Kubernetes' own kinds alone, strategic merge patch. kUnsupportedMediaType for others, kBadRequest
// for a body that is none; a patch that does not apply is kInvalid when it runs. What is repeated
// or unknown in the body itself is appended to `complaints`.
Result<Mutation> MakePatch(const Target& target, const std::string& media_type,
                           const std::string& body, std::vector<std::string>* complaints);

}  // namespace gantry::apiserver
