#pragma once

#include "apis/nodeproxy/node_streams.h"
#include "apiserver/http/handler.h"
#include "apiserver/registry/registry.h"
#include "apiserver/storage/timer.h"

namespace gantry::apiserver {

// What the endpoints work on; everything outlives the handler. Thread-safe.
struct Endpoints {
  CacheSet* caches;
  store::Store* store;
  KindRegistry* kinds;
  Registry* registry;
  Timer* timer;
  ThreadPool* pool;
  Random* random;
  nodeproxy::NodeStreams* streams;  // null: logs and exec answer 503
};

}  // namespace gantry::apiserver
