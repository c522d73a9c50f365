#pragma once

#include <string>

#include "apis/machinery/base/result.h"

namespace gantry::apiserver {

// The private key in the file, in PEM; made when there is no file, mode 0600. A file that is there
// is never overwritten. Blocks on the disk.
Result<std::string> EnsureSigningKey(const std::string& path);

}  // namespace gantry::apiserver
