#pragma once

#include <functional>

#include "apiserver/rbac/policy.h"
#include "apiserver/storage/cache_set.h"

namespace gantry::apiserver::rbac {

// Keeps `policy` in step with the stored roles and bindings: hooks of the caches, so that what a
// write gives or takes counts before the write is acknowledged. `stale(name)` is called on the
// feeder's thread, and must be quick, when the rules of an aggregating ClusterRole may have to
// change. Both must outlive the caches' feeder. Call before the caches start.
void Follow(Policy* policy, CacheSet* caches, std::function<void(const std::string& name)> stale);

}  // namespace gantry::apiserver::rbac
