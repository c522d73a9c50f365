#pragma once

#include "apis/gantry.dev/v1/run_options.h"

namespace gantry::convert {

// Adds the keys of a Compose service that say `run`.
void AddRunKeys(const v1::RunOptions& run, Json* service);

}  // namespace gantry::convert
