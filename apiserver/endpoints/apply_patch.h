#pragma once

#include "apiserver/registry/registry.h"

// PATCH with a configuration: server-side apply.
namespace gantry::apiserver {

inline constexpr const char* kApplyPatch = "application/apply-patch+yaml";

// The configuration in the body of a request (YAML, and so also JSON), of the object or of its
// Scale. Records repeated keys in `scope`. kInvalid when the query lacks fieldManager; kBadRequest
// when the body is no configuration of this kind in this version.
Result<ApplyConfig> ParseApply(const Request& request, WriteScope* scope);

// The rules of PatchOptions for patches of other kinds: `force` is not for them. kInvalid.
Status CheckNoForce(const Request& request);

}  // namespace gantry::apiserver
