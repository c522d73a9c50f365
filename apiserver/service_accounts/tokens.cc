#include "apiserver/service_accounts/tokens.h"

#include <fmt/format.h>

#include "apis/machinery/meta/object.h"
#include "apiserver/jwt/claims.h"
#include "apiserver/rbac/policy.h"

namespace gantry::apiserver {
namespace {

constexpr char kPrivateClaims[] = "kubernetes.io";
// Servers of one installation may have clocks that differ so much.
constexpr Duration kClockLeeway = std::chrono::minutes(1);

int64_t Seconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

TokenObject ObjectFrom(const Json& json) {
  return {GetString(json, "name"), GetString(json, "uid")};
}

Json ToJson(const TokenObject& object) { return {{"name", object.name}, {"uid", object.uid}}; }

Result<ServiceAccountClaims> Decode(const Json& json) {
  const Json& own = GetObject(json, kPrivateClaims);
  ServiceAccountClaims claims;
  claims.ns = GetString(own, "namespace");
  claims.account = ObjectFrom(GetObject(own, "serviceaccount"));
  if (own.contains("secret")) claims.secret = ObjectFrom(GetObject(own, "secret"));
  claims.id = GetString(json, "jti");
  GANTRY_TRY_SET(claims.audiences, jwt::AudiencesOf(json));
  const bool complete =
      !claims.ns.empty() && !claims.account.name.empty() && !claims.account.uid.empty() &&
      GetString(json, "sub") == rbac::ServiceAccountUser(claims.ns, claims.account.name);
  // One that is bound to what is not known here does not live as long as it should.
  if (!complete || own.contains("pod") || own.contains("node")) {
    return Error(Code::kUnauthorized, "token: not of a service account of this server");
  }
  return claims;
}

}  // namespace

Result<std::unique_ptr<ServiceAccountTokens>> ServiceAccountTokens::Make(const Options& options) {
  GANTRY_TRY_SET(jwt::Key signing, jwt::Key::FromPem(options.signing_key).Wrap("signing key"));
  if (!signing.can_sign()) return Error(Code::kInvalid, "signing key: must be a private key");
  std::vector<jwt::Key> keys = {signing};
  for (const std::string& pem : options.further_keys) {
    GANTRY_TRY_SET(jwt::Key key, jwt::Key::FromPem(pem));
    if (key.id() != signing.id()) keys.push_back(std::move(key));
  }
  auto set = std::make_shared<const jwt::KeySet>(std::move(keys), jwt::AllAlgorithms());
  return std::unique_ptr<ServiceAccountTokens>(
      new ServiceAccountTokens(options, std::move(signing), std::move(set)));
}

ServiceAccountTokens::ServiceAccountTokens(const Options& options, jwt::Key signing,
                                           std::shared_ptr<const jwt::KeySet> keys)
    : issuer_(options.issuer),
      audiences_(options.audiences.empty() ? std::vector<std::string>{options.issuer}
                                           : options.audiences),
      signing_(std::move(signing)),
      keys_(std::move(keys)) {}

Result<std::string> ServiceAccountTokens::Issue(const ServiceAccountClaims& claims, WallTime from,
                                                WallTime to) const {
  Json own = {{"namespace", claims.ns}, {"serviceaccount", ToJson(claims.account)}};
  if (claims.secret) own["secret"] = ToJson(*claims.secret);
  return jwt::Sign(signing_, {{"iss", issuer_},
                              {"sub", rbac::ServiceAccountUser(claims.ns, claims.account.name)},
                              {"aud", claims.audiences},
                              {"jti", claims.id},
                              {"iat", Seconds(from)},
                              {"nbf", Seconds(from)},
                              {"exp", Seconds(to)},
                              {kPrivateClaims, std::move(own)}});
}

Result<std::shared_ptr<const jwt::Token>> ServiceAccountTokens::Verified(
    const std::string& token) const {
  if (auto known = verified_.Find(token, keys_.get())) return known;
  const auto says = jwt::ParseToken(token);
  if (!says.ok() && says.code() == Code::kBadRequest) return std::shared_ptr<const jwt::Token>();
  if (!says.ok()) return says.error();
  if (GetString(says->claims, "iss") != issuer_) return std::shared_ptr<const jwt::Token>();
  Result<std::shared_ptr<const jwt::Token>> verified = verified_.Verify(token, keys_);
  if (verified.ok()) return verified;
  return Error(Code::kUnauthorized, verified.error().message);
}

Result<std::optional<ServiceAccountClaims>> ServiceAccountTokens::Read(
    const std::string& token) const {
  GANTRY_TRY_SET(const auto verified, Verified(token));
  if (!verified) return std::optional<ServiceAccountClaims>();
  GANTRY_TRY_SET(ServiceAccountClaims claims, Decode(verified->claims));
  return std::optional<ServiceAccountClaims>(std::move(claims));
}

Result<std::optional<ServiceAccountClaims>> ServiceAccountTokens::ReadCurrent(
    const std::string& token, WallTime now) const {
  GANTRY_TRY_SET(const auto verified, Verified(token));
  if (!verified) return std::optional<ServiceAccountClaims>();
  GANTRY_TRY(jwt::CheckTimes(verified->claims, now, kClockLeeway));
  GANTRY_TRY_SET(ServiceAccountClaims claims, Decode(verified->claims));
  return std::optional<ServiceAccountClaims>(std::move(claims));
}

Json ServiceAccountTokens::Configuration() const {
  Json algorithms = Json::array();
  for (const jwt::Algorithm algorithm : keys_->signs()) algorithms.push_back(NameOf(algorithm));
  return {{"issuer", issuer_},
          {"jwks_uri", issuer_ + (issuer_.ends_with('/') ? "" : "/") + "openid/v1/jwks"},
          {"response_types_supported", {"id_token"}},
          {"subject_types_supported", {"public"}},
          {"id_token_signing_alg_values_supported", std::move(algorithms)}};
}

}  // namespace gantry::apiserver
