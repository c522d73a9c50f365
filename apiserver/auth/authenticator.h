#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/result.h"
#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// Finds out who sends a request. Thread-safe; does not block.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // Nothing when the request carries no credentials of this kind; kUnauthorized when it carries
  // some that are wrong. `system:authenticated` is added by the filter, not here.
  virtual Result<std::optional<User>> Authenticate(const Request& request) const = 0;
};

// The verified client certificate: common name is the user, organisations are the groups.
std::unique_ptr<Authenticator> NewX509Authenticator();

struct StaticToken {
  std::string token;
  User user;
};

// Bearer tokens that do not change. Compared in constant time.
std::unique_ptr<Authenticator> NewTokenAuthenticator(std::vector<StaticToken> tokens);
// Lines `token,user,uid,"group1,group2"`; groups may be absent; `#` begins a comment line.
// kInvalid with the line's number.
Result<std::vector<StaticToken>> ParseTokenFile(std::string_view text);

// The first that knows the user; the first error when none does.
std::unique_ptr<Authenticator> NewUnionAuthenticator(
    std::vector<std::unique_ptr<Authenticator>> parts);

}  // namespace gantry::apiserver
