#pragma once

#include <string>
#include <vector>

#include "kubectl-plugin/mapper.h"

namespace gantry::kubectl {

// What the words of a command line name: one type, with names or (names empty) all its objects.
struct Target {
  const ServedResource* type;
  std::vector<std::string> names;
};

// `TYPE[,TYPE...]`, `TYPE NAME...`, `TYPE,TYPE NAME...` or `TYPE/NAME...`. Errors are local.
Result<std::vector<Target>> ParseTargets(const Mapper& mapper,
                                         const std::vector<std::string>& words);

}  // namespace gantry::kubectl
