#include "apiserver/server/nonresource.h"

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

Response Root() {
  return JsonAnswer(
      {{"paths",
        {"/api", "/api/v1", "/apis", "/audit", "/backup", "/debug/gantry", "/healthz", "/livez",
         "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version"}}});
}

Response Metrics() {
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = metrics::Expose();
  return response;
}

}  // namespace

Handler WithNonResourcePaths(Handler next, const HealthChecks* health, BackupEndpoint* backup,
                             AuditEndpoint* audit, const DebugPage* debug) {
  return [next = std::move(next), health, backup, audit, debug](Request& request) {
    if (request.info.is_resource || request.method != "GET") return next(request);
    const std::string& path = request.path;
    if (IsHealthPath(path)) return Ready(health->Answer(path, request.query));
    if (path == "/version" || path == "/version/") return Ready(Version());
    if (path == "/metrics") return Ready(Metrics());
    if (path == "/audit") return audit->Answer(request);
    if (path == "/backup") return backup->Answer(request);
    if (path == "/debug/gantry" && debug != nullptr) return Ready(debug->Answer(request));
    if (path == "/") return Ready(Root());
    return next(request);
  };
}

Handler WithProcessPaths(Handler next, const DebugPage* debug) {
  return [next = std::move(next), debug](Request& request) {
    if (request.method == "GET" && request.path == "/metrics") return Ready(Metrics());
    if (request.method == "GET" && request.path == "/debug/gantry")
      return Ready(debug->Answer(request));
    return next(request);
  };
}

}  // namespace gantry::apiserver
