#pragma once

#include <string>
#include <string_view>

#include "apis/machinery/base/result.h"

namespace gantry::docker {

// The newest API version that this driver is written for, and the oldest that it works with.
inline constexpr std::string_view kNewestApiVersion = "1.47";
inline constexpr std::string_view kOldestApiVersion = "1.40";

// The smaller of ours and the daemon's (`1.41`). kInvalid when the daemon's is too old or
// unreadable.
Result<std::string> ChooseApiVersion(std::string_view daemon);
// Whether `version` is `minimum` or newer; both as `1.41`.
bool IsAtLeast(std::string_view version, std::string_view minimum);

// Whether a 400 means that the daemon refuses the version in the path.
bool IsVersionRefusal(std::string_view message);

}  // namespace gantry::docker
