#pragma once

#include <optional>
#include <string>

#include "apis/compose/labels.h"
#include "apis/compose/values.h"
#include "apis/gantry.dev/v1/types.h"

namespace gantry::compose {

// The replica count of a service from `scale`, `deploy.replicas` and the label, which wins; empty:
// none is written.
std::optional<int> ReadReplicas(const Field& service, const LabelSettings& labels,
                                Diagnostics* diag);

// Reads `deploy`, the restart policy, the limits of both spellings and the labels of the rollout
// into `spec`. REQUIRES: spec->replicas and spec->strategy_type are set.
void ReadDeploy(const Field& service, const LabelSettings& labels, v1::ServiceSpec* spec,
                Diagnostics* diag);

}  // namespace gantry::compose
