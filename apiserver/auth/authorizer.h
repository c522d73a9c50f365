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
  bool Allowed(const AccessRequest& access) const { return Decide(access, nullptr); }
  // The same; says in *reason, unless that is null, why, if there is something to say.
  virtual bool Decide(const AccessRequest& access, std::string* reason) const = 0;
};

// Whether the user is in `system:masters`.
bool IsMaster(const User& user);
// The namespace whose rules judge a request: an object of kind Namespace is within itself.
const std::string& NamespaceOf(const RequestInfo& info);

// Members of `system:masters` may do everything, nobody else anything.
std::unique_ptr<Authorizer> NewMastersAuthorizer();

// kForbidden in Kubernetes' words: `services.gantry.dev "web" is forbidden: User "x" cannot get
// resource "services" in API group "gantry.dev" in the namespace "default"`, with a reason behind a
// colon unless it is empty.
Error ForbiddenError(const AccessRequest& access, const std::string& reason = "");

}  // namespace gantry::apiserver
