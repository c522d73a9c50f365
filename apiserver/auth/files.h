#pragma once

#include <string>
#include <string_view>

#include "apis/machinery/base/result.h"

// Files that only the server's own user may read. Errors carry the path and the system's reason.
namespace gantry::apiserver {

// The whole content. kNotFound when there is no such file.
Result<std::string> ReadFile(const std::string& path);
// Replaces `path` by `content` (mode 0600) so that a crash leaves either the old or the new file:
// a temporary file, fsync, rename, fsync of the directory.
Status WriteFileAtomically(const std::string& path, std::string_view content);
// Makes the directory and its parents; the last one gets mode 0700, also when it was there.
Status MakePrivateDirectory(const std::string& path);

}  // namespace gantry::apiserver
