#pragma once

#include <optional>
#include <string>

#include "apis/compose/values.h"
#include "apis/gantry.dev/v1/placement.h"

namespace gantry::compose {

// True for `constraint:zone==b` and its like, which stand among the variables of `environment`.
bool IsPlacementRule(const std::string& variable);

// Reads one rule in the style of Swarm into `out`:
//   constraint:<label>==<pattern>     also constraint:node==<name> and facts of the engine
//   affinity:service==<pattern>       or image, container, or the name of a label
//   availability:az==<number>         at least so many zones
//   reschedule:on-node-failure        or reschedule:off
// `!=` is the contrary, `~` before the pattern makes a wish of it. What is not acted on yet is a
// warning. `self` is the service's name.
void ReadPlacementRule(const KeyValue& entry, const std::string& self, v1::Placement* out,
                       Diagnostics* diag);

// Reads the labels com.docker.swarm.reschedule-policies, .constraints and .affinities: JSON lists
// of rules. False for any other label.
bool ReadSwarmLabel(const KeyValue& entry, const std::string& self, v1::Placement* out,
                    Diagnostics* diag);

// Reads `deploy.placement`.
void ReadPlacement(const Field& placement, v1::Placement* out, Diagnostics* diag);

// What can be judged only when the number of replicas is known (nothing: one per node).
void CheckSpread(const Field& service, std::optional<int> replicas, const v1::Placement& placement,
                 Diagnostics* diag);

}  // namespace gantry::compose
