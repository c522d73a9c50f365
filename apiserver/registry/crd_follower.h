#pragma once

#include "apiserver/conversion/converter.h"
#include "apiserver/registry/kind.h"
#include "apiserver/storage/cache_set.h"

namespace gantry::apiserver {

// Keeps the registry in step with the stored CustomResourceDefinitions: a hook of the caches, so a
// kind is served before the write of its definition is acknowledged.
class CrdFollower {
 public:
  // What others have to do about definitions. Called on the feeder's thread; must be quick.
  struct Handlers {
    std::function<void(const std::string& name)> terminating;  // it is being deleted
    // Its status is to be decided anew: its names were in use, or it cannot be decoded any more.
    std::function<void(const std::string& name)> review;
    WebhookTransports webhooks;  // how to reach those that convert
    Random* random = nullptr;
  };
  // All must outlive the caches' feeder. Call before the caches start.
  static void Install(KindRegistry* kinds, CacheSet* caches, Handlers handlers);
};

}  // namespace gantry::apiserver
