#pragma once

#include "apiserver/endpoints/endpoints.h"

// POST, PUT, PATCH and DELETE of objects and of their status, scale and finalize subresources.
// Answers come after this server's cache has applied the write.
namespace gantry::apiserver {

Task<Response> ServeCreate(const Endpoints& e, Request& request, const Target& target);
Task<Response> ServeUpdate(const Endpoints& e, Request& request, const Target& target);
Task<Response> ServePatch(const Endpoints& e, Request& request, const Target& target);
Task<Response> ServeDelete(const Endpoints& e, Request& request, const Target& target);
Response ServeGetScale(const Endpoints& e, const Request& request, const Target& target);

}  // namespace gantry::apiserver
