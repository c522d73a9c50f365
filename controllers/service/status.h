#pragma once

#include "controllers/runtime/status_patch.h"
#include "controllers/service/plan.h"

namespace gantry::service {

// Writes counts and conditions of a Service into `patch`. `failure` is the message of a step that
// did not succeed, or empty.
void SetServiceStatus(const PlanInput& input, const Plan& plan, const std::string& failure,
                      runtime::StatusPatch* patch);

}  // namespace gantry::service
