#pragma once

#include "controllers/runtime/status_patch.h"
#include "controllers/service/plan.h"

namespace gantry::service {

// Writes counts and conditions of a Service into `patch`. `done`: how the plan's steps went.
void SetServiceStatus(const PlanInput& input, const Plan& plan, const Status& done,
                      runtime::StatusPatch* patch);

// Whether the API server refuses what a step would make: a quota, or what the namespace allows.
bool IsRefused(const Status& done);

}  // namespace gantry::service
