#pragma once

#include "apis/gantry.dev/v1/types.h"
#include "controllers/drivers/docker/types.h"

namespace gantry::container {

// The engine's wish for a Container object. Pure. `env` are the template's variables, resolved:
// `NAME=value`. Named volumes are turned into their names on the host.
docker::ContainerConfig MakeEngineConfig(const std::string& installation, const Object& container,
                                         const v1::ContainerTemplate& tmpl,
                                         std::vector<std::string> env);

// The Volume objects that a template mounts, by name, without repetition.
std::vector<std::string> NamedVolumes(const v1::ContainerTemplate& tmpl);

}  // namespace gantry::container
