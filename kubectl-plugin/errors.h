#pragma once

#include <string>

#include "apis/machinery/base/result.h"

// How errors look. An Error whose message begins with `error: ` is the CLI's own and printed as it
// is; what the server said gets kubectl's words around it.
namespace gantry::kubectl {

// The CLI's own error.
Error LocalError(std::string_view message);

// `Error from server (NotFound): ...`, `The Application "shop" is invalid: ...`, one bullet a
// cause. Without a newline at its end.
std::string FormatError(const Error& error);

}  // namespace gantry::kubectl
