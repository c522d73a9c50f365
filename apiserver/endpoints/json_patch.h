#pragma once

#include "apis/machinery/base/json.h"

// JSON patch (RFC 6902), with the bounds that a server needs. Pure.
namespace gantry::apiserver {

// Whether `patch` is a list of operations with `op` and `path`: else kBadRequest; kTooLarge for
// more than 10000 of them.
Status CheckJsonPatch(const Json& patch);

// `current` after the operations, one after the other. kInvalid when one does not apply: a path
// that leads nowhere, a test that fails, an unknown operation, copies of more than 3 MiB in all, a
// document nested deeper than any that is read. REQUIRES: CheckJsonPatch.
Result<Json> ApplyJsonPatch(const Json& patch, const Json& current);

}  // namespace gantry::apiserver
