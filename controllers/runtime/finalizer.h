#pragma once

#include <string>

#include "apis/client/client.h"

namespace gantry::runtime {

// Adds a finalizer, conditional on the object's resourceVersion; the object as it is then. Without
// a request when it is there already.
Result<Object> AddFinalizer(const Context& ctx, const client::Client& client,
                            const client::Resource& resource, const Object& object,
                            const std::string& finalizer);

// Removes one; an object that is gone is no error.
Status RemoveFinalizer(const Context& ctx, const client::Client& client,
                       const client::Resource& resource, const Object& object,
                       const std::string& finalizer);

}  // namespace gantry::runtime
