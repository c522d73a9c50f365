#pragma once

#include "apiserver/endpoints/endpoints.h"

// GET of one object, of a collection, and watches. They read snapshots and never wait.
namespace gantry::apiserver {

Response ServeGet(const Endpoints& e, const Request& request, const Target& target);
Response ServeList(const Endpoints& e, const Request& request, const Target& target);
Response ServeWatch(const Endpoints& e, const Request& request, const Target& target);

}  // namespace gantry::apiserver
