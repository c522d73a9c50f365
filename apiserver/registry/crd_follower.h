#pragma once

#include "apiserver/registry/kind.h"
#include "apiserver/storage/cache_set.h"

namespace gantry::apiserver {

// Keeps the registry in step with the stored CustomResourceDefinitions: a hook of the caches, so a
// kind is served before the write of its definition is acknowledged.
class CrdFollower {
 public:
  // Both must outlive the caches' feeder. Call before the caches start.
  static void Install(KindRegistry* kinds, CacheSet* caches);
};

}  // namespace gantry::apiserver
