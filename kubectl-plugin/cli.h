#pragma once

#include <string>
#include <vector>

#include "kubectl-plugin/session.h"

namespace gantry::kubectl {

// Runs the CLI and gives its exit code: 0, 1 for every error, or the code of the command of `exec`.
// `arguments` are without the program's name.
int RunCli(const std::vector<std::string>& arguments, Session* session);

}  // namespace gantry::kubectl
