#pragma once

#include <string>
#include <vector>

#include "apiserver/http/handler.h"
#include "apiserver/registry/registry.h"

namespace gantry::apiserver {

// Who the server is when it writes by itself.
const User& SystemUser();
// A write of its own. `key` may be empty, or without a name, as WriteScope's.
WriteScope SystemScope(const Target& target, const ObjectKey& key, const Context& ctx,
                       std::vector<std::string>* warnings);

}  // namespace gantry::apiserver
