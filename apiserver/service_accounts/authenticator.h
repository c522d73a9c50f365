#pragma once

#include <functional>
#include <memory>

#include "apis/machinery/meta/gvk.h"
#include "apiserver/auth/token_authenticator.h"
#include "apiserver/service_accounts/tokens.h"
#include "apiserver/storage/cache_set.h"

namespace gantry::apiserver {

// Lets ServiceAccounts in by their tokens, as long as the account, and the Secret that a token may
// be bound to, are there and are the same ones as when it was issued (their uids). Another account
// of the same name is another one.
class ServiceAccountAuthenticator final : public TokenAuthenticator {
 public:
  // All outlive this. Before the caches start.
  ServiceAccountAuthenticator(const ServiceAccountTokens* tokens, CacheSet* caches,
                              const Clock* clock);

  Result<std::optional<TokenUser>> Authenticate(const std::string& token,
                                                const Audiences& audiences) const override;
  bool IsWithdrawn(const std::string& token) const override;

  // Grows with each ServiceAccount and Secret that goes: when IsWithdrawn may have changed.
  uint64_t generation() const { return generation_->load(); }

 private:
  bool AreThere(const ServiceAccountClaims& claims) const;

  const ServiceAccountTokens* const tokens_;
  const Clock* const clock_;
  const ResourceCache* const accounts_;
  const ResourceCache* const secrets_;
  const std::shared_ptr<std::atomic<uint64_t>> generation_;  // the caches' hooks have it, too
};

}  // namespace gantry::apiserver
