#include "apiserver/service_accounts/authenticator.h"

#include <fmt/format.h>

#include "apiserver/rbac/policy.h"
#include "apiserver/storage/keys.h"

namespace gantry::apiserver {
namespace {

const GroupResource kAccounts{"", "serviceaccounts"};
const GroupResource kSecrets{"", "secrets"};

bool IsThere(const ResourceCache& cache, const std::string& ns, const TokenObject& object) {
  const EntryPtr entry = cache.Get(RelativeKey({ns, object.name}));
  if (!entry) return false;
  const RecordHeader header = entry->header();
  return !header.deleting && header.uid == object.uid;
}

User UserOf(const ServiceAccountClaims& claims) {
  User user;
  user.name = rbac::ServiceAccountUser(claims.ns, claims.account.name);
  user.uid = claims.account.uid;
  user.groups = {"system:serviceaccounts", "system:serviceaccounts:" + claims.ns};
  if (!claims.id.empty()) {
    user.extra["authentication.kubernetes.io/credential-id"] = {"JTI=" + claims.id};
  }
  return user;
}

}  // namespace

ServiceAccountAuthenticator::ServiceAccountAuthenticator(const ServiceAccountTokens* tokens,
                                                         CacheSet* caches, const Clock* clock)
    : tokens_(tokens),
      clock_(clock),
      accounts_(caches->Get(kAccounts)),
      secrets_(caches->Get(kSecrets)),
      generation_(std::make_shared<std::atomic<uint64_t>>(0)) {
  for (const GroupResource& resource : {kAccounts, kSecrets}) {
    caches->SetHook(resource, [caches, generation = generation_](const Entry& entry, bool deleted) {
      // Who looks then must find it gone.
      if (deleted || entry.header().deleting)
        caches->WaitUntil(entry.revision(), [generation] { ++*generation; });
    });
  }
}

bool ServiceAccountAuthenticator::AreThere(const ServiceAccountClaims& claims) const {
  return IsThere(*accounts_, claims.ns, claims.account) &&
         (!claims.secret || IsThere(*secrets_, claims.ns, *claims.secret));
}

Result<std::optional<TokenUser>> ServiceAccountAuthenticator::Authenticate(
    const std::string& token, const Audiences& audiences) const {
  GANTRY_TRY_SET(const auto claims, tokens_->ReadCurrent(token, clock_->Now()));
  if (!claims) return std::optional<TokenUser>();
  const Audiences& wanted = audiences.empty() ? tokens_->audiences() : audiences;
  const auto meant = Meet(claims->audiences, wanted);
  if (!meant) {
    return Error(Code::kUnauthorized,
                 fmt::format("token: meant for [{}], not for [{}]",
                             fmt::join(claims->audiences, ", "), fmt::join(wanted, ", ")));
  }
  if (!AreThere(*claims)) {
    return Error(Code::kUnauthorized,
                 "token: its service account, or the secret that it is bound to, is gone");
  }
  return std::optional<TokenUser>({UserOf(*claims), *meant});
}

bool ServiceAccountAuthenticator::IsWithdrawn(const std::string& token) const {
  const auto claims = tokens_->Read(token);
  return claims.ok() && *claims && !AreThere(**claims);
}

}  // namespace gantry::apiserver
