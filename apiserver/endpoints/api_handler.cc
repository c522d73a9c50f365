#include "apiserver/endpoints/api_handler.h"

#include <algorithm>

#include "apiserver/discovery/discovery.h"
#include "apiserver/endpoints/connect.h"
#include "apiserver/endpoints/delete_collection.h"
#include "apiserver/endpoints/documents.h"
#include "apiserver/endpoints/options.h"
#include "apiserver/endpoints/reads.h"
#include "apiserver/endpoints/status_writer.h"
#include "apiserver/endpoints/token_request.h"
#include "apiserver/endpoints/version_view.h"
#include "apiserver/endpoints/writes.h"

namespace gantry::apiserver {
namespace {

Response NotServed() {
  return ErrorResponse(Error(Code::kNotFound, "the server could not find the requested resource"));
}

Response NotAllowed(const Request& request) {
  return ErrorResponse(Error(Code::kMethodNotAllowed,
                             "the server does not allow this method on the requested resource"));
}

// Whether the kind, or the endpoint below its objects, has the verb; discovery says the same.
bool HasVerb(const Request& request, const Target& target) {
  const RequestInfo& info = request.info;
  const std::vector<std::string>& verbs = info.subresource.empty()
                                              ? discovery::ResourceVerbs(target.def())
                                              : discovery::SubresourceVerbs(info.subresource);
  if (std::find(verbs.begin(), verbs.end(), info.verb) == verbs.end()) return false;
  // The path of a watch may say that it is one, whatever the method.
  return info.verb != "watch" || request.method == "GET" || request.method == "HEAD";
}

void WarnIfDeprecated(const Target& target, Request* request) {
  const schema::Version& version = *target.version;
  if (!version.deprecated) return;
  const GroupVersionKind gvk = target.gvk();
  request->warnings.push_back(
      version.deprecation_warning.empty()
          ? fmt::format("{} {} is deprecated", gvk.group_version().ToString(), gvk.kind)
          : version.deprecation_warning);
}

// A revision that this server has handed out is in its caches in a moment; one that it has not is
// refused by whoever reads.
Task<bool> AwaitRevision(const Endpoints& e, store::Revision revision) {
  Callback<bool> applied([&e, revision](std::function<void(bool)> done) {
    e.caches->WaitUntil(revision, [&e, done] { e.pool->Post([done] { done(true); }); });
  });
  co_return co_await applied;
}

// The revision to wait for before a read; 0: none.
store::Revision AwaitedRevision(const Endpoints& e, const Request& request) {
  if (request.method != "GET" && request.method != "HEAD") return 0;
  const std::string text = request.query.Get("resourceVersion");
  if (text.empty()) return 0;
  const Result<store::Revision> revision = ParseRevision(text);
  if (!revision.ok() || *revision <= e.caches->revision()) return 0;
  return *revision <= e.store->current_revision() ? *revision : 0;
}

Task<Response> ServeResource(const Endpoints& e, Request& request) {
  const RequestInfo& info = request.info;
  Result<Target> target = e.kinds->Find(info.group, info.version, info.resource);
  if (!target.ok()) co_return ErrorResponse(target.error());
  WarnIfDeprecated(*target, &request);
  const bool collection =
      info.verb == "list" || info.verb == "watch" || info.verb == "deletecollection";
  const bool named = !info.name.empty() && !collection;
  if (!info.ns.empty() && !target->def().namespaced) co_return NotServed();
  if (named && info.ns.empty() && target->def().namespaced) co_return NotServed();
  if (!info.subresource.empty() && !HasSubresource(*target, info.subresource)) {
    co_return NotServed();
  }
  if (!HasVerb(request, *target)) co_return NotAllowed(request);

  if (const store::Revision revision = AwaitedRevision(e, request); revision > 0) {
    co_await AwaitRevision(e, revision);
  }
  if (target->kind->converter) co_await AllowBlocking(e);
  if (!info.subresource.empty()) {
    if (IsConnectSubresource(info.subresource))
      co_return co_await ServeConnect(e, request, *target);
    if (info.subresource == kTokenSubresource) co_return ServeTokenRequest(e, request, *target);
    if (info.verb == "get") {
      if (info.subresource == "scale") co_return ServeGetScale(e, request, *target);
      co_return ServeGet(e, request, *target);
    }
    if (info.verb == "update") co_return co_await ServeUpdate(e, request, *target);
    co_return co_await ServePatch(e, request, *target);
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

// `?pretty=true`: the answer indented, for people. Neither watches nor what is no JSON.
Response Indented(const Request& request, Response response) {
  const std::string pretty = request.query.Get("pretty");
  if (pretty != "true" && pretty != "1") return response;
  if (response.long_running || response.websocket) return response;
  if (!response.content_type.starts_with("application/json")) return response;
  std::string text = TakeBody(&response);
  const Result<Json> json = ParseJson(text);
  response.body = json.ok() ? json->dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                            : std::move(text);
  return response;
}

Task<Response> Serve(const Endpoints* e, Request& request) {
  if (request.info.is_resource) {
    Response response = co_await ServeResource(*e, request);
    co_return Indented(request, std::move(response));
  }
  if (Documents::Serves(request.path)) co_return e->documents->Serve(request);
  co_return NotServed();
}

}  // namespace

bool HasSubresource(const Target& target, const std::string& subresource) {
  if (subresource == "status") return target.version->status_subresource;
  if (subresource == "scale") return target.version->scale.has_value();
  if (subresource == "finalize") return target.def().strategy.namespace_lifecycle;
  if (subresource == "approval") return target.def().strategy.certificate_request;
  const std::vector<std::string>& connects = target.def().connect_subresources;
  return std::find(connects.begin(), connects.end(), subresource) != connects.end();
}

Handler MakeApiHandler(const Endpoints* endpoints) {
  return [endpoints](Request& request) { return Serve(endpoints, request); };
}

}  // namespace gantry::apiserver
