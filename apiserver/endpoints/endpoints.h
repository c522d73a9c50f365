#pragma once

#include "apis/nodeproxy/node_streams.h"
#include "apiserver/http/handler.h"
#include "apiserver/registry/registry.h"
#include "apiserver/storage/timer.h"

namespace gantry::apiserver {

class Documents;

// What the endpoints work on; everything outlives the handler. Thread-safe.
struct Endpoints {
  CacheSet* caches;
  store::Store* store;
  KindRegistry* kinds;
  Registry* registry;
  Timer* timer;
  ThreadPool* pool;
  ThreadPool* stream_pool;  // for what waits on nodes
  ThreadPool* webhooks;     // for what waits on webhooks
  Random* random;
  Documents* documents;
  nodeproxy::NodeStreams* streams;  // null: logs and exec answer 503
};

}  // namespace gantry::apiserver
