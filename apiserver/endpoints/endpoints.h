#pragma once

#include "apis/nodeproxy/node_streams.h"
#include "apiserver/auth/token_authenticator.h"
#include "apiserver/http/handler.h"
#include "apiserver/registry/registry.h"
#include "apiserver/service_accounts/tokens.h"
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
  nodeproxy::NodeStreams* streams;               // null: logs and exec answer 503
  const ServiceAccountTokens* service_accounts;  // null: serviceaccounts/token answers 404
  const TokenAuthenticator* tokens;              // whom TokenReview knows
};

}  // namespace gantry::apiserver
