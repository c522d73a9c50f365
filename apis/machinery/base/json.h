#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/result.h"

namespace gantry {

// The JSON document of the whole system. Objects are sorted by key, as Kubernetes writes maps.
using Json = nlohmann::json;

// Parses one document. kBadRequest with the byte offset when it is malformed, nested deeper than
// `max_depth`, or followed by anything else.
// With `duplicate_keys`, a repeated key is recorded there as a dotted path and the last value wins.
Result<Json> ParseJson(std::string_view text, std::vector<std::string>* duplicate_keys,
                       int max_depth = 512);
// The same, where repeated keys are of no interest: the last one wins.
Result<Json> ParseJson(std::string_view text);

// Compact; invalid UTF-8 is replaced, never thrown on.
std::string DumpJson(const Json& value);

}  // namespace gantry
