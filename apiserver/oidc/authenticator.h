#pragma once

#include <map>
#include <memory>
#include <vector>

#include "apiserver/auth/token_authenticator.h"
#include "apiserver/jwt/verified.h"
#include "apiserver/oidc/issuer_keys.h"

namespace gantry::apiserver::oidc {

// The user that the claims of a token name, whose signature is good: audience, times, required
// claims and names are judged here. kUnauthorized says why not. Pure.
Result<User> UserOfClaims(const IssuerConfig& config, const Json& claims, WallTime now);

// Lets in whom the tokens of OpenID Connect providers name.
class OidcAuthenticator final : public TokenAuthenticator {
 public:
  // `own`: the names of the server, which all of these tokens are meant for. `clock` outlives this.
  OidcAuthenticator(const std::vector<IssuerConfig>& issuers, Audiences own, const Fetch& fetch,
                    const Clock* clock);

  Result<std::optional<TokenUser>> Authenticate(const std::string& token,
                                                const Audiences& audiences) const override;
  // New keys of the token's issuer may be on their way.
  bool Learn(const std::string& token, std::function<void()> done) const override;

 private:
  struct Issuer {
    IssuerConfig config;
    std::unique_ptr<IssuerKeys> keys;
  };
  // Who says to have issued the token; null: nobody who is known.
  const Issuer* IssuerOf(const std::string& token) const;

  const Audiences own_;
  const Clock* const clock_;
  mutable jwt::VerifiedTokens verified_;
  std::map<std::string, Issuer> issuers_;  // by URL; constant after construction
};

}  // namespace gantry::apiserver::oidc
