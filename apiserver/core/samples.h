#pragma once

#include "apiserver/registry/registry.h"

namespace gantry::apiserver {

// Makes the Templates that come with Gantry, brings those of an older one up to date, and deletes
// those that it does not have any more. Templates without the label of samples are left alone,
// whatever their name. Blocks.
Status MakeSamples(Registry* registry, const Context& ctx);

}  // namespace gantry::apiserver
