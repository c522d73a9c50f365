#pragma once

#include "apis/client/transport.h"
#include "apiserver/audit/trail.h"
#include "apiserver/core/api_core.h"
#include "apiserver/filters/chain.h"
#include "apiserver/filters/revocation.h"
#include "apiserver/filters/running.h"
#include "apiserver/server/audit_endpoint.h"
#include "apiserver/server/backup.h"
#include "apiserver/server/debug_page.h"
#include "apiserver/server/encryption_endpoint.h"
#include "apiserver/server/health.h"

namespace gantry::apiserver {

// The API server but for its listener: resources, health and the other paths, behind all filters.
// The program puts a listener in front of it; tests and controllers in process call it directly.
class ApiServer {
 public:
  struct Options {
    ApiCore::Options core;
    // Whose certificates let them in; bearer tokens are the core's. Null: nobody's.
    const Authenticator* authenticator = nullptr;
    InFlightLimits in_flight;
    // Where a backup is while it is sent: a directory of its own on the store's file system.
    std::string backup_scratch;
    // Null: nothing is recorded.
    const AuditTrail* audit = nullptr;
    // The store, if it encrypts; null: GET /encryption says that it does not.
    store::EncryptedStore* encrypted = nullptr;
  };

  // `store` and what `options` names outlive this.
  ApiServer(store::Store* store, const Options& options);
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  // As ApiCore::Start and Stop.
  Status Start(const Context& ctx) { return core_.Start(ctx); }
  void Stop() { core_.Stop(); }

  // The first filter. Valid as long as this is.
  const Handler& handler() const { return chain_; }
  // A client's way in without a connection; the user may do what roles say. Streams that it gave
  // end before this does.
  std::shared_ptr<client::Transport> InProcess(User user) const;

  ApiCore& core() { return core_; }
  // Other parts of the program add their sections to it, and remove them before they go.
  DebugPage& debug() { return debug_; }

 private:
  RunningRequests running_;  // outlives streams
  ApiCore core_;
  const std::unique_ptr<const Authenticator> authenticator_;
  Revocations revocations_;
  HealthChecks health_;
  BackupEndpoint backup_;
  AuditEndpoint audit_;
  EncryptionEndpoint encryption_;
  DebugPage debug_;
  std::shared_ptr<void> collector_;
  Handler chain_;
};

}  // namespace gantry::apiserver
