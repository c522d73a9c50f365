#include "apiserver/oidc/authenticator.h"

#include <fmt/format.h>

#include <algorithm>

#include "apis/machinery/meta/object.h"
#include "apiserver/jwt/claims.h"

namespace gantry::apiserver::oidc {
namespace {

// For `nbf` alone, as kube-apiserver has it: providers' clocks differ.
constexpr Duration kNotBeforeLeeway = std::chrono::minutes(5);

Error Refused(const std::string& why) { return Error(Code::kUnauthorized, "oidc: " + why); }

Result<std::string> TextOf(const Json& claims, const std::string& name) {
  const auto it = claims.find(name);
  if (it == claims.end()) return Refused(fmt::format("claim \"{}\" is missing", name));
  if (!it->is_string()) return Refused(fmt::format("claim \"{}\" must be a text", name));
  return it->get<std::string>();
}

// An address that its provider has not verified could be anybody's.
Status CheckVerified(const Json& claims) {
  const auto verified = claims.find("email_verified");
  if (verified == claims.end()) return OkStatus();
  if (!verified->is_boolean()) return Refused("claim \"email_verified\" must be a boolean");
  if (!verified->get<bool>()) return Refused("email not verified");
  return OkStatus();
}

// A text is a list of one.
Result<std::vector<std::string>> GroupsOf(const Json& claims, const ClaimMapping& mapping) {
  std::vector<std::string> groups;
  const auto it = mapping.claim.empty() ? claims.end() : claims.find(mapping.claim);
  if (it == claims.end() || it->is_null()) return groups;
  for (const Json& group : it->is_array() ? *it : Json::array({*it})) {
    if (!group.is_string()) {
      return Refused(fmt::format("claim \"{}\" must be a text or a list of texts", mapping.claim));
    }
    groups.push_back(mapping.prefix + group.get<std::string>());
  }
  return groups;
}

}  // namespace

Result<User> UserOfClaims(const IssuerConfig& config, const Json& claims, WallTime now) {
  if (GetString(claims, "iss") != config.url) return Refused("of another issuer");
  GANTRY_TRY(jwt::CheckTimes(claims, now, kNotBeforeLeeway));
  GANTRY_TRY_SET(const auto audiences, jwt::AudiencesOf(claims));
  if (!Meet(config.audiences, audiences.empty() ? Audiences{""} : audiences)) {
    return Refused(fmt::format("meant for [{}], not for [{}]", fmt::join(audiences, ", "),
                               fmt::join(config.audiences, ", ")));
  }
  for (const auto& [claim, value] : config.required_claims) {
    GANTRY_TRY_SET(const std::string is, TextOf(claims, claim));
    if (is != value) {
      return Refused(fmt::format("claim \"{}\" must be \"{}\"", claim, value));
    }
  }
  User user;
  GANTRY_TRY_SET(const std::string name, TextOf(claims, config.username.claim));
  if (config.username.claim == "email") GANTRY_TRY(CheckVerified(claims));
  user.name = config.username.prefix + name;
  if (user.name.empty()) return Refused("the username is empty");
  if (!config.uid.claim.empty()) {
    GANTRY_TRY_SET(user.uid, TextOf(claims, config.uid.claim));
  }
  GANTRY_TRY_SET(user.groups, GroupsOf(claims, config.groups));
  if (const std::string id = GetString(claims, "jti"); !id.empty()) {
    user.extra["authentication.kubernetes.io/credential-id"] = {"JTI=" + id};
  }
  return user;
}

OidcAuthenticator::OidcAuthenticator(const std::vector<IssuerConfig>& issuers, Audiences own,
                                     const Fetch& fetch, const Clock* clock)
    : own_(std::move(own)), clock_(clock) {
  for (const IssuerConfig& config : issuers) {
    issuers_[config.url] = {config, std::make_unique<IssuerKeys>(config, fetch, clock)};
  }
}

const OidcAuthenticator::Issuer* OidcAuthenticator::IssuerOf(const std::string& token) const {
  const auto says = jwt::ParseToken(token);
  if (!says.ok()) return nullptr;
  const auto it = issuers_.find(GetString(says->claims, "iss"));
  return it == issuers_.end() ? nullptr : &it->second;
}

Result<std::optional<TokenUser>> OidcAuthenticator::Authenticate(const std::string& token,
                                                                 const Audiences& audiences) const {
  const Issuer* const issuer = IssuerOf(token);
  if (issuer == nullptr) return std::optional<TokenUser>();
  const auto meant = Meet(own_, audiences);
  if (!meant) return std::optional<TokenUser>();
  const std::shared_ptr<const jwt::KeySet> keys = issuer->keys->Get();
  if (!keys) return Refused("the issuer's keys are not known yet");
  const auto verified = verified_.Verify(token, keys);
  if (!verified.ok()) return Refused(verified.error().message);
  GANTRY_TRY_SET(User user, UserOfClaims(issuer->config, (*verified)->claims, clock_->Now()));
  return std::optional<TokenUser>({std::move(user), *meant});
}

bool OidcAuthenticator::Learn(const std::string& token, std::function<void()> done) const {
  const Issuer* const issuer = IssuerOf(token);
  if (issuer == nullptr) return false;
  const std::shared_ptr<const jwt::KeySet> keys = issuer->keys->Get();
  if (keys) {
    // Worth a fetch only if that may change the answer: the token counts but for its key.
    const auto says = jwt::ParseToken(token);
    if (!UserOfClaims(issuer->config, says->claims, clock_->Now()).ok()) return false;
    const auto verified = keys->Verify(token);
    if (!verified.ok() && verified.code() != Code::kNotFound) return false;
  }
  return issuer->keys->Refresh(keys.get(), std::move(done));
}

}  // namespace gantry::apiserver::oidc
