#pragma once

#include <optional>
#include <string>

#include "apiserver/auth/authorizer.h"
#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// The one whom the Impersonate-User, -Group, -Uid and -Extra-* headers name, with the groups that
// such a user is in without being told; nothing without these headers. kForbidden when `sender` may
// not `impersonate` each of them; kBadRequest when the others come without Impersonate-User.
Result<std::optional<User>> Impersonated(const Authorizer& authorizer, const User& sender,
                                         const Headers& headers, const std::string& path);

}  // namespace gantry::apiserver
