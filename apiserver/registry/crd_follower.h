#pragma once

#include "apiserver/registry/kind.h"
#include "apiserver/storage/cache_set.h"

namespace gantry::apiserver {

// Keeps the registry in step with the stored CustomResourceDefinitions: a hook of the caches, so a
// kind is served before the write of its definition is acknowledged.
class CrdFollower {
 public:
  // Called on the feeder's thread for each definition that is being deleted.
  using TerminatingFn = std::function<void(const std::string& name)>;
  // All must outlive the caches' feeder. Call before the caches start.
  static void Install(KindRegistry* kinds, CacheSet* caches, TerminatingFn terminating);
};

}  // namespace gantry::apiserver
