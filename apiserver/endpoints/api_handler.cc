#include "apiserver/endpoints/api_handler.h"

#include "apiserver/discovery/discovery.h"
#include "apiserver/endpoints/reads.h"
#include "apiserver/endpoints/status_writer.h"
#include "apiserver/endpoints/writes.h"

namespace gantry::apiserver {
namespace {

Response NotServed() {
  return ErrorResponse(
      Error(Code::kNotFound, "the server could not find the requested resource"));
}

Response NotAllowed(const Request& request) {
  return ErrorResponse(Error(Code::kMethodNotAllowed,
                             "the server does not allow this method on the requested resource"));
}

bool HasSubresource(const Target& target, const std::string& subresource) {
  if (subresource == "status") return target.version->status_subresource;
  if (subresource == "scale") return target.version->scale.has_value();
  if (subresource == "finalize") return target.def().strategy.namespace_lifecycle;
  return false;
}

Task<Response> ServeResource(const Endpoints& e, Request& request) {
  const RequestInfo& info = request.info;
  Result<Target> target = e.kinds->Find(info.group, info.version, info.resource);
  if (!target.ok()) co_return ErrorResponse(target.error());
  const bool named = !info.name.empty();
  if (!info.ns.empty() && !target->def().namespaced) co_return NotServed();
  if (named && info.ns.empty() && target->def().namespaced) co_return NotServed();
  if (target->def().strategy.virtual_only && info.verb != "create") co_return NotAllowed(request);

  if (!info.subresource.empty()) {
    if (!HasSubresource(*target, info.subresource)) co_return NotServed();
    if (info.verb == "get") {
      if (info.subresource == "scale") co_return ServeGetScale(e, request, *target);
      co_return ServeGet(e, request, *target);
    }
    if (info.verb == "update") co_return co_await ServeUpdate(e, request, *target);
    if (info.verb == "patch") co_return co_await ServePatch(e, request, *target);
    co_return NotAllowed(request);
  }
  if (info.verb == "watch") co_return ServeWatch(e, request, *target);
  if (named) {
    if (info.verb == "get") co_return ServeGet(e, request, *target);
    if (info.verb == "update") co_return co_await ServeUpdate(e, request, *target);
    if (info.verb == "patch") co_return co_await ServePatch(e, request, *target);
    if (info.verb == "delete") co_return co_await ServeDelete(e, request, *target);
    co_return NotAllowed(request);
  }
  if (info.verb == "list") co_return ServeList(e, request, *target);
  if (info.verb == "create") {
    if (info.ns.empty() && target->def().namespaced && !target->def().strategy.virtual_only) {
      co_return ErrorResponse(Error(Code::kBadRequest, "an object of this kind needs a namespace"));
    }
    co_return co_await ServeCreate(e, request, *target);
  }
  if (info.verb == "deletecollection") {
    co_return co_await ServeDeleteCollection(e, request, *target);
  }
  co_return NotAllowed(request);
}

// The kinds as discovery and OpenAPI know them.
discovery::Definitions DefinitionsOf(const KindSet& set) {
  discovery::Definitions definitions;
  for (const auto& [resource, kind] : set.kinds) definitions.push_back(kind->definition);
  return definitions;
}

Response ServeDiscovery(const Endpoints& e, const Request& request) {
  if (request.method != "GET" && request.method != "HEAD") return NotAllowed(request);
  Result<discovery::Answer> answer =
      discovery::Serve(DefinitionsOf(*e.kinds->Snapshot()), request.path,
                       request.headers.Get("Accept"), request.headers.Get("If-None-Match"));
  if (!answer.ok()) return ErrorResponse(answer.error());
  Response response;
  response.status = answer->status;
  response.content_type = std::move(answer->content_type);
  response.body = std::move(answer->body);
  response.headers.Set("Vary", "Accept");
  if (!answer->etag.empty()) response.headers.Set("ETag", std::move(answer->etag));
  return response;
}

bool IsDiscovery(const std::string& path) {
  return path == "/api" || path == "/apis" || path.rfind("/api/", 0) == 0 ||
         path.rfind("/apis/", 0) == 0;
}

Task<Response> Serve(const Endpoints* e, Request& request) {
  if (request.info.is_resource) co_return co_await ServeResource(*e, request);
  if (IsDiscovery(request.path)) co_return ServeDiscovery(*e, request);
  co_return NotServed();
}

}  // namespace

Handler MakeApiHandler(const Endpoints* endpoints) {
  return [endpoints](Request& request) { return Serve(endpoints, request); };
}

}  // namespace gantry::apiserver
