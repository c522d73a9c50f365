#pragma once

#include <string>
#include <vector>

#include "apis/machinery/meta/object.h"
#include "kubectl-plugin/session.h"

namespace gantry::kubectl {

// One object of a file, and where it stands.
struct Manifest {
  Object object;
  std::string source;  // the file's name, or `STDIN`
};

// The objects of files, directories (*.json, *.yaml, *.yml; deeper ones with `recursive`) and `-`
// for standard input, in order; lists are taken apart. Errors are local and name file, line and
// column.
Result<std::vector<Manifest>> ReadManifests(Io& io, const std::vector<std::string>& paths,
                                            bool recursive);

// The text of one file, or of standard input for `-`.
Result<std::string> ReadTextFile(Io& io, const std::string& path);

}  // namespace gantry::kubectl
