#pragma once

#include "apis/compose/values.h"

// Networks of a template. The services of an application share one network, so that they are
// checked and otherwise without effect.
namespace gantry::compose {

// Reads the top-level section.
void ReadNetworks(const Json& section, Diagnostics* diag);

// Reads `networks` of a service, whose names stand in `section` (`default` always does).
void ReadServiceNetworks(const Field& service, const Json& section, Diagnostics* diag);

}  // namespace gantry::compose
