#include "apiserver/auth/authenticator.h"

#include <algorithm>

#include "apiserver/auth/certificate_metrics.h"

namespace gantry::apiserver {
namespace {

class X509Authenticator final : public Authenticator {
 public:
  Result<std::optional<User>> Authenticate(const Request& request) const override {
    if (request.peer_common_name.empty()) return std::optional<User>();
    ObserveClientCertificate(Between(Clock::Real()->Now(), request.peer_not_after));
    User user;
    user.name = request.peer_common_name;
    user.groups = request.peer_organizations;
    return std::optional<User>(std::move(user));
  }
};

class UnionAuthenticator final : public Authenticator {
 public:
  explicit UnionAuthenticator(std::vector<std::unique_ptr<Authenticator>> parts)
      : parts_(std::move(parts)) {}

  Result<std::optional<User>> Authenticate(const Request& request) const override {
    std::optional<Error> failure;
    for (const auto& part : parts_) {
      Result<std::optional<User>> user = part->Authenticate(request);
      if (user.ok() && *user) return user;
      if (!user.ok() && !failure) failure = std::move(user).error();
    }
    if (failure) return *failure;
    return std::optional<User>();
  }
  bool IsWithdrawn(const Request& request) const override {
    // Who has a certificate as well does not depend on the token.
    for (const auto& part : parts_) {
      const Result<std::optional<User>> user = part->Authenticate(request);
      if (user.ok() && *user) return part->IsWithdrawn(request);
    }
    return std::any_of(parts_.begin(), parts_.end(),
                       [&](const auto& part) { return part->IsWithdrawn(request); });
  }
  bool Learn(const Request& request, std::function<void()> done) const override {
    return std::any_of(parts_.begin(), parts_.end(),
                       [&](const auto& part) { return part->Learn(request, done); });
  }

 private:
  const std::vector<std::unique_ptr<Authenticator>> parts_;
};

}  // namespace

std::unique_ptr<Authenticator> NewX509Authenticator() {
  return std::make_unique<X509Authenticator>();
}

std::unique_ptr<Authenticator> NewUnionAuthenticator(
    std::vector<std::unique_ptr<Authenticator>> parts) {
  return std::make_unique<UnionAuthenticator>(std::move(parts));
}

}  // namespace gantry::apiserver
