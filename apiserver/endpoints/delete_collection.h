#pragma once

#include "apiserver/endpoints/endpoints.h"

namespace gantry::apiserver {

// DELETE of all objects of a collection that the selectors want, many at a time, so that the store
// syncs once for many. Answers with the list of them, in the order of their keys; the first failure
// ends it, and what was deleted by then stays so.
Task<Response> ServeDeleteCollection(const Endpoints& e, Request& request, const Target& target);

}  // namespace gantry::apiserver
