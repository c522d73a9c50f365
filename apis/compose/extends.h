#pragma once

#include <string>

#include "apis/compose/diagnostics.h"

namespace gantry::compose {

// Puts what `extends` names into each service of the map at `place`, and takes the key away. Before
// variables are substituted. A base in another file is left for the table of keys to refuse.
void ResolveExtends(Json* services, const std::string& place, Diagnostics* diag);

}  // namespace gantry::compose
