#pragma once

#include <string>
#include <string_view>

#include "apis/machinery/base/json.h"

// The formats of OpenAPI strings and numbers that kube-apiserver checks.
namespace gantry::schema {

// Unknown formats are accepted and mean nothing.
bool IsKnownFormat(std::string_view format);
// False when `value` is of the format's type but not of its form. Values of other types pass.
bool CheckFormat(std::string_view format, const Json& value);

}  // namespace gantry::schema
