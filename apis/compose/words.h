#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/result.h"

namespace gantry::compose {

// Splits a command line into words as a POSIX shell does: blanks separate, quotes and backslashes
// group. Nothing is expanded; operators such as `&&` are ordinary words. kInvalid for a quote that
// does not end.
Result<std::vector<std::string>> SplitWords(std::string_view line);

}  // namespace gantry::compose
