#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/json.h"
#include "apis/machinery/base/result.h"
#include "apiserver/jwt/verified.h"

// Tokens of ServiceAccounts, with the claims that Kubernetes gives them.
namespace gantry::apiserver {

inline constexpr char kDefaultIssuer[] = "https://kubernetes.default.svc.cluster.local";

// An object that a token is about or lives as long as.
struct TokenObject {
  std::string name;
  std::string uid;
};

// What a token of a ServiceAccount says.
struct ServiceAccountClaims {
  std::string ns;
  TokenObject account;
  std::optional<TokenObject> secret;  // the token counts as long as this Secret is there
  std::vector<std::string> audiences;
  std::string id;  // `jti`
};

// Signs and reads them. Immutable but for a cache; thread-safe; does not block.
class ServiceAccountTokens {
 public:
  struct Options {
    std::string issuer = kDefaultIssuer;
    std::vector<std::string> audiences;  // the server's own names; empty: the issuer
    std::string signing_key;             // PEM
    // PEM: whose tokens count beside those of the signing key, while keys are replaced.
    std::vector<std::string> further_keys;
  };
  // kInvalid names the key that is none.
  static Result<std::unique_ptr<ServiceAccountTokens>> Make(const Options& options);

  Result<std::string> Issue(const ServiceAccountClaims& claims, WallTime from, WallTime to) const;

  // What a token says whose signature is good, whether or not its time is over. Nothing when it is
  // no token of this issuer; kUnauthorized when it pretends to be one.
  Result<std::optional<ServiceAccountClaims>> Read(const std::string& token) const;
  // The same, for a token that counts now.
  Result<std::optional<ServiceAccountClaims>> ReadCurrent(const std::string& token,
                                                          WallTime now) const;

  const std::string& issuer() const { return issuer_; }
  const std::vector<std::string>& audiences() const { return audiences_; }
  // What others need to verify tokens: /.well-known/openid-configuration and /openid/v1/jwks.
  Json Configuration() const;
  Json Jwks() const { return keys_->ToJwks(); }

 private:
  ServiceAccountTokens(const Options& options, jwt::Key signing,
                       std::shared_ptr<const jwt::KeySet> keys);
  // Null when it is no token of this issuer.
  Result<std::shared_ptr<const jwt::Token>> Verified(const std::string& token) const;

  const std::string issuer_;
  const std::vector<std::string> audiences_;
  const jwt::Key signing_;
  const std::shared_ptr<const jwt::KeySet> keys_;
  mutable jwt::VerifiedTokens verified_;
};

}  // namespace gantry::apiserver
