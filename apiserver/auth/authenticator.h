#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
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
  // Whether credentials that were accepted have been taken back since: what they gave a stream of
  // is over. The end of a token's time is no such thing, as in Kubernetes.
  virtual bool IsWithdrawn(const Request& request) const { return false; }
  // After a refusal: whether something is on its way that may change it, such as new keys of an
  // issuer. If so, `done` is called once, from any thread, when it is here or will not come.
  virtual bool Learn(const Request& request, std::function<void()> done) const { return false; }
};

// The verified client certificate: common name is the user, organisations are the groups.
std::unique_ptr<Authenticator> NewX509Authenticator();

// The first that knows the user; the first error when none does.
std::unique_ptr<Authenticator> NewUnionAuthenticator(
    std::vector<std::unique_ptr<Authenticator>> parts);

}  // namespace gantry::apiserver
