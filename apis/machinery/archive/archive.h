#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "apis/machinery/base/result.h"

// A flat directory of regular files as one tar file (POSIX ustar and pax), by libarchive. Its last
// entry is an empty file `complete`, which is not part of the directory, so that a transfer that
// was cut short is noticed.
namespace gantry::archive {

// Gives the archive of `directory` to `write`, piece by piece, in order; ends with kCancelled when
// that returns false. kUnavailable when a file cannot be read, kInvalid when the directory is not
// flat. Blocks.
Status Pack(const std::string& directory, const std::function<bool(std::string_view)>& write);

// Makes the files of the archive `file` in `directory`, which is made and must not exist. kInvalid
// when it is no such archive, or one that was cut short; nothing is left behind then. Blocks.
Status Unpack(const std::string& file, const std::string& directory);

}  // namespace gantry::archive
