#pragma once

#include <map>
#include <string>
#include <vector>

#include "apis/compose/compose.h"
#include "apis/compose/values.h"

namespace gantry::compose {

// The named volumes that services may mount.
struct VolumeTable {
  std::vector<Volume> declared;              // to be made, by compose_name
  std::map<std::string, std::string> names;  // name in the document -> name of the Volume object
};

// Reads the `volumes` section. With `implicit`, it is made from what the services mount (version
// 1).
VolumeTable ReadVolumes(const Input& input, const Json& section, const Json& services,
                        bool implicit, Diagnostics* diag);

// Reads `volumes` and `tmpfs` of a service.
std::vector<v1::ContainerTemplate::Mount> ReadMounts(const Field& service,
                                                     const VolumeTable& volumes, Diagnostics* diag);

}  // namespace gantry::compose
