#include "apiserver/server/api_server.h"

#include "apiserver/auth/certificate_metrics.h"
#include "apiserver/endpoints/metrics.h"
#include "apiserver/filters/metrics.h"
#include "apiserver/server/debug_sections.h"
#include "apiserver/server/in_process_transport.h"
#include "apiserver/server/nonresource.h"

namespace gantry::apiserver {
namespace {

// How long a stream may go on after its user lost the right to it.
constexpr Duration kRevocationPeriod = std::chrono::seconds(1);

// Not owned.
class Borrowed final : public Authenticator {
 public:
  explicit Borrowed(const Authenticator* real) : real_(real) {}
  Result<std::optional<User>> Authenticate(const Request& request) const override {
    return real_->Authenticate(request);
  }
  bool IsWithdrawn(const Request& request) const override { return real_->IsWithdrawn(request); }
  bool Learn(const Request& request, std::function<void()> done) const override {
    return real_->Learn(request, std::move(done));
  }

 private:
  const Authenticator* const real_;
};

std::unique_ptr<const Authenticator> AllCredentials(const ApiServer::Options& options,
                                                    const ApiCore& core) {
  const ServiceAccountTokens* const accounts = options.core.service_accounts;
  std::vector<std::unique_ptr<Authenticator>> parts;
  if (options.authenticator != nullptr) {
    parts.push_back(std::make_unique<Borrowed>(options.authenticator));
  }
  parts.push_back(NewBearerAuthenticator(
      &core.tokens(), accounts != nullptr ? accounts->audiences() : Audiences()));
  return NewUnionAuthenticator(std::move(parts));
}

}  // namespace

ApiServer::ApiServer(store::Store* store, const Options& options)
    : core_(store, options.core),
      authenticator_(AllCredentials(options, core_)),
      revocations_(
          authenticator_.get(), &core_.policy(),
          [this] { return core_.policy().generation() + core_.withdrawals(); }, kRevocationPeriod),
      backup_(store, options.backup_scratch),
      audit_(options.audit != nullptr ? options.audit->log.get() : nullptr),
      encryption_(options.encrypted, core_.caches()) {
  health_.Add("ping", false, [] { return OkStatus(); });
  health_.Add("store", true, [store] { return store->Health(); });
  health_.Add("caches", true, [this] { return core_.Ready(); });
  FilterConfig filters;
  filters.authenticator = authenticator_.get();
  filters.authorizer = &core_.policy();
  filters.in_flight = options.in_flight;
  filters.running = &running_;
  filters.audit = options.audit;
  filters.revocations = &revocations_;
  filters.served = [this](const RequestInfo& info) { return core_.Serves(info); };
  chain_ =
      BuildFilterChain(WithNonResourcePaths(core_.handler(), &health_, &backup_, &audit_,
                                            &encryption_, &debug_, options.core.service_accounts),
                       filters);

  DeclareFilterMetrics();
  DeclareAuditMetrics();
  DeclareCertificateMetrics();
  DeclareCertificateRequestMetrics();
  collector_ = CollectCacheMetrics(core_.caches(), core_.kinds(), store);
  debug_.Set("requests", [this](size_t limit) { return DescribeRequests(running_, limit); });
  debug_.Set("streams", [this](size_t limit) { return DescribeStreams(running_, limit); });
  debug_.Set("limits", [limits = options.in_flight](size_t) { return DescribeLimits(limits); });
  debug_.Set("store",
             [this, store](size_t limit) { return DescribeStore(*store, *core_.caches(), limit); });
}

std::shared_ptr<client::Transport> ApiServer::InProcess(User user) const {
  return NewInProcessTransport(chain_, std::move(user));
}

}  // namespace gantry::apiserver
