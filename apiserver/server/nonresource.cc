#include "apiserver/server/nonresource.h"

#include <functional>
#include <map>
#include <set>
#include <string>

#include "apis/machinery/base/json.h"
#include "apis/machinery/base/metrics.h"
#include "apiserver/filters/filters.h"
#include "apiserver/http/status_response.h"

namespace gantry::apiserver {
namespace {

Response JsonAnswer(const Json& body) {
  Response response;
  response.body = DumpJson(body);
  return response;
}

Response Version() {
  return JsonAnswer({{"major", "1"},
                     {"minor", "32"},
                     {"gitVersion", kGitVersion},
                     {"gitCommit", ""},
                     {"gitTreeState", "clean"},
                     {"buildDate", "1970-01-01T00:00:00Z"},
                     {"goVersion", "none"},
                     {"compiler", "c++"},
                     {"platform", "linux/amd64"}});
}

Response Metrics() {
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = metrics::Expose();
  return response;
}

Task<Response> AnswerMetrics(Request&) { return Ready(Metrics()); }

using Routes = std::map<std::string, Handler, std::less<>>;

Handler Routed(Routes routes, Handler next) {
  return [next = std::move(next), routes = std::move(routes)](Request& request) {
    if (request.info.is_resource || request.method != "GET") return next(request);
    const auto route = routes.find(request.path);
    return route == routes.end() ? next(request) : route->second(request);
  };
}

// What there is, at `/`.
Handler Index(const Routes& routes) {
  std::set<std::string> paths = {"/api",   "/api/v1",     "/apis",       "/healthz",
                                 "/livez", "/openapi/v2", "/openapi/v3", "/readyz"};
  for (const auto& [path, handler] : routes) {
    if (!path.ends_with('/')) paths.insert(path);
  }
  return [index = JsonAnswer({{"paths", paths}}).body](Request&) {
    Response response;
    response.body = index;
    return Ready(std::move(response));
  };
}

void AddDebug(const DebugPage* debug, Routes* routes) {
  if (debug == nullptr) return;
  (*routes)["/debug/gantry"] = [debug](Request& request) { return Ready(debug->Answer(request)); };
}

// What others need to verify tokens; like kube-apiserver, with or without a slash at the end.
void AddKeys(const ServiceAccountTokens* tokens, Routes* routes) {
  if (tokens == nullptr) return;
  for (const std::string end : {"", "/"}) {
    (*routes)["/.well-known/openid-configuration" + end] = [tokens](Request&) {
      return Ready(JsonAnswer(tokens->Configuration()));
    };
    (*routes)["/openid/v1/jwks" + end] = [tokens](Request&) {
      Response response = JsonAnswer(tokens->Jwks());
      response.content_type = "application/jwk-set+json";
      return Ready(std::move(response));
    };
  }
}

}  // namespace

Handler WithNonResourcePaths(Handler next, const HealthChecks* health, BackupEndpoint* backup,
                             AuditEndpoint* audit, EncryptionEndpoint* encryption,
                             const DebugPage* debug, const ServiceAccountTokens* tokens) {
  Routes routes = {
      {"/version", [](Request&) { return Ready(Version()); }},
      {"/version/", [](Request&) { return Ready(Version()); }},
      {"/metrics", AnswerMetrics},
      {"/audit", [audit](Request& request) { return audit->Answer(request); }},
      {"/backup", [backup](Request& request) { return backup->Answer(request); }},
      {"/encryption", [encryption](Request&) { return Ready(encryption->Describe()); }}};
  AddDebug(debug, &routes);
  AddKeys(tokens, &routes);
  routes["/"] = Index(routes);
  return
      [routed = Routed(std::move(routes), std::move(next)), health, encryption](Request& request) {
        if (request.method == "GET" && IsHealthPath(request.path))
          return Ready(health->Answer(request.path, request.query));
        if (request.method == "POST" && request.path == "/encryption/reencrypt")
          return Ready(encryption->Reencrypt());
        return routed(request);
      };
}

Handler WithProcessPaths(Handler next, const DebugPage* debug) {
  Routes routes = {{"/metrics", AnswerMetrics}};
  AddDebug(debug, &routes);
  return Routed(std::move(routes), std::move(next));
}

}  // namespace gantry::apiserver
