#pragma once

#include "apis/machinery/schema/definition.h"

// Strategic merge patch: what kubectl sends for the kinds that it has compiled in. A merge patch in
// which lists with a merge key (x-kubernetes-list-map-keys) are merged by it, lists of type set are
// united, and `$patch`, `$retainKeys`, `$deleteFromPrimitiveList` and `$setElementOrder` direct it.
namespace gantry::apiserver {

// Only Kubernetes' own kinds: clients expect 415 for all others.
bool HasStrategicMerge(const schema::Definition& definition);

// `current` after `patch`; `root` is the schema of the kind. kBadRequest for an unknown directive.
Result<Json> StrategicMerge(const schema::Node& root, const Json& current, const Json& patch);

}  // namespace gantry::apiserver
