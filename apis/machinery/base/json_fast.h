#pragma once

#include <string_view>

#include "apis/machinery/base/json.h"

namespace gantry::internal {

// Parses `text` into `*out`. False for whatever is out of the ordinary: malformed, deeper than
// `max_depth`, with repeated keys, or big. Then the general parser has a look, whose result would
// otherwise be the same.
bool ParseOrdinaryJson(std::string_view text, int max_depth, Json* out);

}  // namespace gantry::internal
