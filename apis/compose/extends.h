#pragma once

#include <string>

#include "apis/compose/diagnostics.h"

namespace gantry::compose {

// Puts what `extends` names into each service of the map at `place`, and takes the key away. Before
// variables are substituted. A base in another file is left for the table of keys to refuse.
void ResolveExtends(Json* services, const std::string& place, Diagnostics* diag);

// What becomes of a service (or a volume, a network) when `own` is laid over `base`, as `extends`
// and files over files do: maps are merged, lists joined (a mount takes the place of one with its
// target), the rest is replaced; `command`, `entrypoint` and `healthcheck.test` as a whole.
Json MergeServices(const Json& base, const Json& own);

}  // namespace gantry::compose
