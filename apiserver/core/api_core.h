#pragma once

#include <memory>

#include "apis/nodeproxy/node_streams.h"
#include "apiserver/certificates/request_signer.h"
#include "apiserver/conversion/converter.h"
#include "apiserver/core/maintenance.h"
#include "apiserver/endpoints/documents.h"
#include "apiserver/registry/registry.h"
#include "apiserver/service_accounts/authenticator.h"

namespace gantry::apiserver {

// The API server without its listener and filters: caches, kinds, registry and endpoints over a
// store. Thread-safe after Start.
class ApiCore {
 public:
  struct Options {
    Clock* clock = Clock::Real();
    Random* random = Random::Real();
    nodeproxy::NodeStreams* streams = nullptr;  // null: no logs and exec
    size_t threads = 2;                         // that resume writers
    size_t stream_threads = 4;                  // that start logs and exec
    size_t webhook_threads = 4;                 // that wait for webhooks
    WebhookTransports webhooks;                 // empty: none is reached
    // Null: ServiceAccounts have no tokens.
    const ServiceAccountTokens* service_accounts = nullptr;
    const TokenAuthenticator* tokens = nullptr;  // whose other bearer tokens are known; null: none
    CacheSet::Options cache;
    Maintenance::Options maintenance;
    RequestSigner::Options certificates;  // null authority: no certificate is issued
    // Paths of this host that containers never mount, unless their namespace names them.
    std::vector<std::string> protected_paths;
  };

  // `store` and what `options` names must outlive this.
  ApiCore(store::Store* store, Options options);
  ~ApiCore();

  // Loads the caches, registers all kinds, and makes the namespaces, roles and bindings that
  // always exist. Blocks.
  Status Start(const Context& ctx);
  // Ends all watches. No request may be running when the destructor is called.
  void Stop();

  // The end of the filter chain.
  Handler handler() const { return handler_; }
  // Ok when requests can be served and writes are possible.
  Status Ready() const;

  // Whether there is what the request names: resource, version and subresource.
  bool Serves(const RequestInfo& info) const;

  // What the stored roles and bindings say: who may do what.
  const rbac::Policy& policy() const { return policy_; }
  // Whose bearer tokens are known, ServiceAccounts' among them.
  const TokenAuthenticator& tokens() const { return *tokens_; }
  // Changes with what tokens() holds for withdrawn.
  uint64_t withdrawals() const { return accounts_ ? accounts_->generation() : 0; }
  CacheSet* caches() { return &caches_; }
  KindRegistry* kinds() { return &kinds_; }
  Registry* registry() { return &registry_; }
  Timer* timer() { return &timer_; }

 private:
  Status MakeNamespace(const Context& ctx, const std::string& name);
  // Says them where admission and controllers read them.
  Status ProtectPaths(const Context& ctx);

  store::Store* const store_;
  const Options options_;
  const ManagedRenderer render_;
  KindRegistry kinds_;
  rbac::Policy policy_;
  Timer timer_;
  CacheSet caches_;
  const std::unique_ptr<const ServiceAccountAuthenticator> accounts_;  // null: no tokens
  const std::unique_ptr<const TokenAuthenticator> tokens_;
  ThreadPool pool_;
  ThreadPool stream_pool_;
  ThreadPool webhook_pool_;
  Documents documents_;
  Registry registry_;
  Maintenance maintenance_;
  RequestSigner certificates_;
  Endpoints endpoints_;
  Handler handler_;
};

}  // namespace gantry::apiserver
