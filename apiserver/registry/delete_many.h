#pragma once

#include "apiserver/registry/registry.h"

namespace gantry::apiserver {

// Deletes objects of one kind, many at a time, so that the store syncs once for many. `scope` and
// `options` hold for each, but for its namespace and name; everything referred to outlives the
// task. The answer has their last states, in order; one that was gone already is left out. The
// first failure ends it, and what was deleted by then stays so.
Task<Result<std::vector<EntryPtr>>> DeleteMany(Registry* registry, const WriteScope& scope,
                                               const DeleteOptions& options,
                                               std::vector<EntryPtr> entries);

}  // namespace gantry::apiserver
