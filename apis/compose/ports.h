#pragma once

#include <vector>

#include "apis/compose/values.h"
#include "apis/gantry.dev/v1/container_template.h"

namespace gantry::compose {

// Reads `ports`, in the short and the long form. A port without a host port gets host port 0: the
// engine chooses one.
std::vector<v1::ContainerTemplate::Port> ReadPorts(const Field& field, Diagnostics* diag);

// Adds what `expose` lists and `ports` does not: ports without any host port.
void ReadExpose(const Field& field, std::vector<v1::ContainerTemplate::Port>* ports,
                Diagnostics* diag);

}  // namespace gantry::compose
