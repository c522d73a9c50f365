#include <gtest/gtest.h>

#include "apiserver/filters/filters.h"

namespace gantry::apiserver {
namespace {

struct Case {
  const char* method;
  const char* target;
  const char* expected;  // verb group/version ns resource/name/subresource, `-` for empty
};

std::string Describe(const RequestInfo& info) {
  const auto show = [](const std::string& s) { return s.empty() ? std::string("-") : s; };
  if (!info.is_resource) return info.verb + " path";
  return info.verb + " " + show(info.group) + "/" + info.version + " " + show(info.ns) + " " +
         info.resource + "/" + show(info.name) + "/" + show(info.subresource);
}

TEST(RequestInfo, FollowsKubernetesRules) {
  const Case cases[] = {
      {"GET", "/", "get path"},
      {"GET", "/version", "get path"},
      {"POST", "/healthz", "post path"},
      {"GET", "/api", "get path"},
      {"GET", "/api/v1", "get path"},
      {"GET", "/apis", "get path"},
      {"GET", "/apis/gantry.dev", "get path"},
      {"GET", "/apis/gantry.dev/v1", "get path"},
      {"GET", "/openapi/v3/apis/gantry.dev/v1", "get path"},
      {"GET", "/api/v1/namespaces", "list -/v1 - namespaces/-/-"},
      {"POST", "/api/v1/namespaces", "create -/v1 - namespaces/-/-"},
      {"PUT", "/api/v1/namespaces/a/finalize", "update -/v1 - namespaces/a/finalize"},
      {"GET", "/api/v1/namespaces/a/configmaps", "list -/v1 a configmaps/-/-"},
      {"GET", "/api/v1/namespaces/a/configmaps/", "list -/v1 a configmaps/-/-"},
      {"GET", "/api/v1/configmaps", "list -/v1 - configmaps/-/-"},
      {"HEAD", "/api/v1/namespaces/a/configmaps/b", "get -/v1 a configmaps/b/-"},
      {"GET", "/api/v1/namespaces/a/configmaps?watch=true", "watch -/v1 a configmaps/-/-"},
      {"GET", "/api/v1/namespaces/a/configmaps?watch=1", "watch -/v1 a configmaps/-/-"},
      {"GET", "/api/v1/namespaces/a/configmaps?watch=TRUE", "watch -/v1 a configmaps/-/-"},
      {"GET", "/api/v1/namespaces/a/configmaps?watch", "watch -/v1 a configmaps/-/-"},
      {"GET", "/api/v1/namespaces/a/configmaps?watch=false", "list -/v1 a configmaps/-/-"},
      {"GET", "/api/v1/namespaces/a/configmaps?watch=0", "list -/v1 a configmaps/-/-"},
      {"GET", "/api/v1/namespaces/a/configmaps/b?watch=1", "get -/v1 a configmaps/b/-"},
      {"DELETE", "/api/v1/namespaces/a/configmaps/b", "delete -/v1 a configmaps/b/-"},
      {"DELETE", "/api/v1/namespaces/a/configmaps", "deletecollection -/v1 a configmaps/-/-"},
      {"PATCH", "/apis/gantry.dev/v1/namespaces/a/services/web/status",
       "patch gantry.dev/v1 a services/web/status"},
      {"GET", "/apis/gantry.dev/v1/nodes/n1", "get gantry.dev/v1 - nodes/n1/-"},
      {"GET", "/apis/gantry.dev/v1/namespaces/a/containers/c/log",
       "get gantry.dev/v1 a containers/c/log"},
      // The path says that it is a watch.
      {"GET", "/api/v1/watch/configmaps", "watch -/v1 - configmaps/-/-"},
      {"GET", "/api/v1/watch/namespaces", "watch -/v1 - namespaces/-/-"},
      {"GET", "/api/v1/watch/namespaces/a", "watch -/v1 - namespaces/a/-"},
      {"GET", "/api/v1/watch/namespaces/a/configmaps", "watch -/v1 a configmaps/-/-"},
      {"GET", "/api/v1/watch/namespaces/a/configmaps/b", "watch -/v1 a configmaps/b/-"},
      {"GET", "/apis/gantry.dev/v1/watch/nodes/n1?watch=0", "watch gantry.dev/v1 - nodes/n1/-"},
      {"DELETE", "/api/v1/watch/namespaces/a/configmaps/b", "watch -/v1 a configmaps/b/-"},
      {"GET", "/apis/example.com/v1/watch", "list example.com/v1 - watch/-/-"},
      {"GET", "/apis/example.com/v1/namespaces/a/watch/b", "get example.com/v1 a watch/b/-"},
      // A selection by name asks for that name.
      {"GET", "/api/v1/namespaces/a/configmaps?fieldSelector=metadata.name%3Db",
       "list -/v1 a configmaps/b/-"},
      {"GET", "/api/v1/configmaps?watch=1&fieldSelector=x%3Dy,metadata.name%3Db",
       "watch -/v1 - configmaps/b/-"},
      {"DELETE", "/api/v1/namespaces/a/configmaps?fieldSelector=metadata.name%3Db",
       "deletecollection -/v1 a configmaps/b/-"},
      {"GET", "/api/v1/configmaps?fieldSelector=metadata.name!%3Db", "list -/v1 - configmaps/-/-"},
      {"GET", "/api/v1/configmaps?fieldSelector=metadata.name%3Da%2Fb",
       "list -/v1 - configmaps/-/-"},
      {"POST", "/api/v1/namespaces/a/configmaps?fieldSelector=metadata.name%3Db",
       "create -/v1 a configmaps/-/-"},
      {"OPTIONS", "/api/v1/configmaps", "options -/v1 - configmaps/-/-"},
  };
  for (const Case& c : cases) {
    const std::string_view target = c.target;
    const size_t mark = target.find('?');
    const Query query = mark == target.npos ? Query() : Query::Parse(target.substr(mark + 1));
    EXPECT_EQ(Describe(ParseRequestInfo(c.method, target.substr(0, mark), query)), c.expected)
        << c.method << " " << c.target;
  }
}

TEST(RequestInfo, HealthPaths) {
  for (const char* path : {"/healthz", "/livez", "/readyz", "/readyz/store"}) {
    EXPECT_TRUE(IsHealthPath(path)) << path;
  }
  for (const char* path : {"/", "/healthzz", "/version", "/api/v1/healthz", "/metrics"}) {
    EXPECT_FALSE(IsHealthPath(path)) << path;
  }
}

}  // namespace
}  // namespace gantry::apiserver
