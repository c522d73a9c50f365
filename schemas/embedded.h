#pragma once

#include <string_view>
#include <vector>

// The CRD manifests of schemas/, compiled into the binary: YAML turned into JSON, with each
// `$fragment: name` replaced by schemas/fragments/<name>.yaml.
namespace gantry::schemas {

struct Manifest {
  std::string_view path;  // gantry.dev/node.yaml
  std::string_view json;
};

// Sorted by path. Lives for ever.
const std::vector<Manifest>& Embedded();
// The Templates of samples/.
const std::vector<Manifest>& Samples();

}  // namespace gantry::schemas
