#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/drivers/docker/types.h"

namespace gantry::docker {

// What a stub process can do to its surroundings.
struct StubIo {
  std::function<void(OutputChannel, std::string_view)> write;
  // The next bytes of the input; empty at its end.
  std::function<std::string()> read;
  // Waits; false when the process was killed. A negative number waits for ever.
  std::function<bool(double seconds)> sleep;
  std::function<std::string(const std::string& name)> env;
};

// Runs `command` and returns its exit code. It knows `sh -c LINE` with commands joined by `;`, and
// `echo WORDS [>&2]` with $NAME, `exit N`, `sleep S`, `cat`, `true`, `false`, and
// `/bin/sample-web`, which serves nothing but runs until it is killed. Others are not found (127).
int RunStubCommand(const std::vector<std::string>& command, const StubIo& io);

}  // namespace gantry::docker
