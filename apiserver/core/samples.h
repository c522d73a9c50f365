#pragma once

#include "apiserver/registry/registry.h"

namespace gantry::apiserver {

// Makes the Templates that come with Gantry, and brings those of an older one up to date. Blocks.
Status MakeSamples(Registry* registry, const Context& ctx);

}  // namespace gantry::apiserver
