#include "apiserver/auth/token_authenticator.h"

#include <algorithm>

#include "apiserver/http/url.h"

namespace gantry::apiserver {
namespace {

std::string BearerToken(const Request& request) {
  static constexpr std::string_view kScheme = "Bearer ";
  std::string_view value = request.headers.Get("Authorization");
  if (value.size() < kScheme.size() ||
      !EqualsIgnoreCase(value.substr(0, kScheme.size()), kScheme)) {
    return {};
  }
  value.remove_prefix(kScheme.size());
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  return std::string(value);
}

class BearerAuthenticator final : public Authenticator {
 public:
  BearerAuthenticator(const TokenAuthenticator* tokens, Audiences audiences)
      : tokens_(tokens), audiences_(std::move(audiences)) {}

  Result<std::optional<User>> Authenticate(const Request& request) const override {
    const std::string token = BearerToken(request);
    if (token.empty()) return std::optional<User>();
    GANTRY_TRY_SET(auto found, tokens_->Authenticate(token, audiences_));
    if (!found) return Error(Code::kUnauthorized, "unknown bearer token");
    return std::optional<User>(std::move(found->user));
  }
  bool IsWithdrawn(const Request& request) const override {
    const std::string token = BearerToken(request);
    return !token.empty() && tokens_->IsWithdrawn(token);
  }
  bool Learn(const Request& request, std::function<void()> done) const override {
    const std::string token = BearerToken(request);
    return !token.empty() && tokens_->Learn(token, std::move(done));
  }

 private:
  const TokenAuthenticator* const tokens_;
  const Audiences audiences_;
};

class TokenUnion final : public TokenAuthenticator {
 public:
  explicit TokenUnion(std::vector<const TokenAuthenticator*> parts) : parts_(std::move(parts)) {}

  Result<std::optional<TokenUser>> Authenticate(const std::string& token,
                                                const Audiences& audiences) const override {
    std::optional<Error> failure;
    for (const TokenAuthenticator* part : parts_) {
      Result<std::optional<TokenUser>> user = part->Authenticate(token, audiences);
      if (user.ok() && *user) return user;
      if (!user.ok() && !failure) failure = std::move(user).error();
    }
    if (failure) return *failure;
    return std::optional<TokenUser>();
  }
  bool IsWithdrawn(const std::string& token) const override {
    return std::any_of(parts_.begin(), parts_.end(),
                       [&](const TokenAuthenticator* part) { return part->IsWithdrawn(token); });
  }
  bool Learn(const std::string& token, std::function<void()> done) const override {
    return std::any_of(parts_.begin(), parts_.end(),
                       [&](const TokenAuthenticator* part) { return part->Learn(token, done); });
  }

 private:
  const std::vector<const TokenAuthenticator*> parts_;
};

}  // namespace

std::optional<Audiences> Meet(const Audiences& own, const Audiences& wanted) {
  if (wanted.empty()) return own;
  Audiences both;
  for (const std::string& audience : wanted) {
    if (std::find(own.begin(), own.end(), audience) != own.end()) both.push_back(audience);
  }
  if (both.empty()) return std::nullopt;
  return both;
}

std::unique_ptr<Authenticator> NewBearerAuthenticator(const TokenAuthenticator* tokens,
                                                      Audiences audiences) {
  return std::make_unique<BearerAuthenticator>(tokens, std::move(audiences));
}

std::unique_ptr<TokenAuthenticator> NewTokenUnion(std::vector<const TokenAuthenticator*> parts) {
  return std::make_unique<TokenUnion>(std::move(parts));
}

}  // namespace gantry::apiserver
