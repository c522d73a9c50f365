#pragma once

#include <memory>
#include <string>

#include "apis/machinery/base/result.h"
#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// What is asked for, as the request-info filter found it; also what an access review asks.
struct AccessRequest {
  const User& user;
  const RequestInfo& info;
  const std::string& path;
};

// Decides who may do what. Thread-safe; does not block.
class Authorizer {
 public:
  virtual ~Authorizer() = default;
  virtual bool Allowed(const AccessRequest& access) const = 0;
};

// Members of `system:masters` may do everything, nobody else anything.
std::unique_ptr<Authorizer> NewMastersAuthorizer();

// kForbidden in Kubernetes' words: `services.gantry.dev "web" is forbidden: User "x" cannot get
// resource "services" in API group "gantry.dev" in the namespace "default"`.
Error ForbiddenError(const AccessRequest& access);

}  // namespace gantry::apiserver
