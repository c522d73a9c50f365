#pragma once

#include <string>
#include <string_view>

#include "apis/machinery/base/json.h"

// DumpJson piece by piece, for what is put together as text.
namespace gantry {

// Appends what DumpJson(value) returns.
void AppendJson(const Json& value, std::string* out);
// Appends the text as a JSON string, quoted and escaped.
void AppendJsonString(std::string_view text, std::string* out);

}  // namespace gantry
