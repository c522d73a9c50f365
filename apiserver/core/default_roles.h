#pragma once

#include "apiserver/registry/registry.h"

namespace gantry::apiserver {

// Makes the roles and bindings that every installation has, and gives back what those that are
// there lack. Blocks. The caches must be current, and must not be waited for by the same thread.
Status MakeDefaultRoles(Registry* registry, const Context& ctx);

}  // namespace gantry::apiserver
