#pragma once

#include "controllers/runtime/manager.h"

namespace gantry::quota {

// Writes what the objects of a namespace use into the status of its ResourceQuotas.
void AddQuotaController(runtime::Manager* manager);

}  // namespace gantry::quota
