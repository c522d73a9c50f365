#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include "apis/machinery/base/json.h"
#include "apis/machinery/meta/object.h"
#include "tests/controllers/testing/controllers_fixture.h"

// Every route of the server with what a user must be allowed to do for it, found by asking as
// somebody who may do nothing, and held against a list that people read and review.
namespace gantry {
namespace {

constexpr char kGolden[] = GANTRY_ROOT "/tests/apiserver/routes/routes.txt";

struct Route {
  std::string method;
  std::string target;
  std::string ToString() const { return method + " " + target; }
};

client::HttpResponse Send(client::Transport* transport, const Route& route,
                          const std::string& parameter = "") {
  client::HttpRequest request{route.method, route.target, {}, ""};
  if (!parameter.empty())
    request.target += (request.target.find('?') == std::string::npos ? "?" : "&") + parameter;
  if (request.method == "PATCH")
    request.headers.push_back({"Content-Type", "application/merge-patch+json"});
  if (request.target.find("watch") == std::string::npos)
    return transport->Do(Context(), request).value();
  client::StreamResponse begun = transport->Stream(Context(), request).value();
  if (begun.stream) begun.stream->Close();
  return {begun.status, {}, begun.error_body};
}

Json GetJson(client::Transport* transport, const std::string& path) {
  const Result<Json> body = ParseJson(Send(transport, {"GET", path}).body);
  EXPECT_TRUE(body.ok()) << path;
  return body.ok() ? *body : Json();
}

std::string Filled(std::string path) {
  for (const auto& [parameter, value] :
       {std::pair("{namespace}", "team"), {"{name}", "one"}, {"{path}", "further"}}) {
    for (size_t at; (at = path.find(parameter)) != std::string::npos;)
      path.replace(at, std::string_view(parameter).size(), value);
  }
  EXPECT_EQ(path.find('{'), std::string::npos) << path << " has a parameter unknown here";
  return path;
}

// What the server says of itself: its OpenAPI document, its index, and watches of all lists.
std::vector<Route> AllRoutes(client::Transport* admin) {
  std::vector<Route> routes;
  const Json document = GetJson(admin, "/openapi/v2");
  for (const auto& [path, operations] : GetObject(document, "paths").items()) {
    const std::string target = Filled(path);
    for (const auto& [name, operation] : operations.items()) {
      if (name == "parameters") continue;
      std::string method = name;
      std::transform(method.begin(), method.end(), method.begin(), ::toupper);
      routes.push_back({method, target});
      if (GetString(operation, "x-kubernetes-action") != "list") continue;
      routes.push_back({"GET", target + "?watch=1"});
      const size_t version = target.find("/v1") + 3;
      routes.push_back({"GET", target.substr(0, version) + "/watch" + target.substr(version)});
    }
  }
  const Json index = GetJson(admin, "/");
  for (const Json& path : GetArray(index, "paths")) routes.push_back({"GET", path});
  std::sort(routes.begin(), routes.end(), [](const Route& a, const Route& b) {
    return std::tie(a.target, a.method) < std::tie(b.target, b.method);
  });
  return routes;
}

// What `list resource "secrets" in API group "" ...` or `get path "/audit"` allows.
Json RuleFor(const std::string& right) {
  static const std::regex resource("([a-z]+) resource \"([^\"]+)\" in API group \"([^\"]*)\" .*");
  static const std::regex path("([a-z]+) path \"([^\"]+)\"");
  std::smatch m;
  if (std::regex_match(right, m, resource)) {
    return {{"verbs", {m.str(1)}}, {"resources", {m.str(2)}}, {"apiGroups", {m.str(3)}}};
  }
  EXPECT_TRUE(std::regex_match(right, m, path)) << right;
  return {{"verbs", {m.str(1)}}, {"nonResourceURLs", {m.str(2)}}};
}

class RoutesTest : public ::testing::Test {
 protected:
  RoutesTest() {
    env_.MakeNamespace("team");
    routes_ = AllRoutes(admin_.get());
  }

  std::shared_ptr<client::Transport> As(const std::string& name) {
    apiserver::User user;
    user.name = name;
    return env_.TransportAs(std::move(user));
  }

  // What somebody without rights is refused: `list resource "secrets" ...`; `everybody` if nothing.
  std::string RightFor(const Route& route) {
    const client::HttpResponse answer = Send(nobody_.get(), route, "dryRun=All");
    if (answer.status != 403) return "everybody";
    const Result<Json> body = ParseJson(answer.body);
    const std::string message = body.ok() ? GetString(*body, "message") : "";
    const size_t at = message.find("cannot ");
    EXPECT_NE(at, std::string::npos) << route.ToString() << ": " << answer.body;
    return at == std::string::npos ? answer.body : message.substr(at + 7);
  }

  void Make(const std::string& path, const Json& object) {
    const auto made = admin_->Do(
        Context(), {"POST", path, {{"Content-Type", "application/json"}}, DumpJson(object)});
    ASSERT_EQ(made->status, 201) << made->body;
  }

  // Gives `user` that right and no other one.
  void Grant(const std::string& user, const std::string& right) {
    const std::string api = "/apis/rbac.authorization.k8s.io/v1";
    const Json meta = {{"name", user}};
    Make(api + "/clusterroles", {{"metadata", meta}, {"rules", {RuleFor(right)}}});
    const bool in_namespace = right.ends_with("in the namespace \"team\"");
    Make(api + (in_namespace ? "/namespaces/team/rolebindings" : "/clusterrolebindings"),
         {{"metadata", meta},
          {"roleRef",
           {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", user}}},
          {"subjects",
           {{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "User"}, {"name", user}}}}});
  }

  testing::EnvTest env_;
  const std::shared_ptr<client::Transport> admin_ = env_.Transport();
  const std::shared_ptr<client::Transport> nobody_ = As("nobody");
  std::vector<Route> routes_;
};

TEST_F(RoutesTest, NeedWhatTheListSays) {
  std::string list;
  for (const Route& route : routes_)
    list += fmt::format("{}: {}\n", route.ToString(), RightFor(route));
  if (std::getenv("GANTRY_UPDATE") != nullptr) std::ofstream(kGolden) << list;
  std::stringstream golden;
  golden << std::ifstream(kGolden).rdbuf();
  EXPECT_EQ(golden.str(), list) << "GANTRY_UPDATE=1 writes it anew: read what changed";
}

// Discovery promises nothing that the list lacks.
TEST_F(RoutesTest, CoverDiscovery) {
  std::set<std::string> known;
  for (const Route& route : routes_) known.insert(route.ToString());
  std::vector<std::string> versions = {"/api/v1"};
  const Json groups = GetJson(admin_.get(), "/apis");
  for (const Json& group : GetArray(groups, "groups")) {
    for (const Json& version : GetArray(group, "versions"))
      versions.push_back("/apis/" + GetString(version, "groupVersion"));
  }
  EXPECT_GT(versions.size(), 5u);
  const std::map<std::string, std::pair<std::string, std::string>> verbs = {
      {"create", {"POST", ""}},    {"delete", {"DELETE", "/one"}},
      {"get", {"GET", "/one"}},    {"deletecollection", {"DELETE", ""}},
      {"list", {"GET", ""}},       {"patch", {"PATCH", "/one"}},
      {"update", {"PUT", "/one"}}, {"watch", {"GET", "?watch=1"}}};
  for (const std::string& version : versions) {
    const Json resources = GetJson(admin_.get(), version);
    for (const Json& resource : GetArray(resources, "resources")) {
      const std::string name = GetString(resource, "name");
      const size_t slash = name.find('/');
      const std::string subresource = slash == std::string::npos ? "" : name.substr(slash);
      const std::string base = version +
                               (GetBool(resource, "namespaced") ? "/namespaces/team" : "") + "/" +
                               name.substr(0, slash);
      for (const Json& verb : GetArray(resource, "verbs")) {
        const auto& [method, suffix] = verbs.at(verb);
        const std::string route =
            method + " " + base + (subresource.empty() ? suffix : "/one" + subresource);
        EXPECT_TRUE(known.contains(route)) << route;
      }
    }
  }
}

TEST_F(RoutesTest, TheirRightIsEnough) {
  std::vector<std::pair<Route, std::string>> guarded;
  for (const Route& route : routes_) {
    std::string right = RightFor(route);
    if (right != "everybody") guarded.emplace_back(route, std::move(right));
  }
  EXPECT_GT(guarded.size(), 150u);
  for (size_t i = 0; i < guarded.size(); ++i) Grant(fmt::format("user-{}", i), guarded[i].second);
  for (size_t i = 0; i < guarded.size(); ++i) {
    const auto user = As(fmt::format("user-{}", i));
    EXPECT_TRUE(testing::Eventually(
        Context().WithTimeout(std::chrono::seconds(30)),
        [&] { return Send(user.get(), guarded[i].first, "dryRun=All").status != 403; }))
        << guarded[i].first.ToString() << " with " << guarded[i].second;
  }
}

}  // namespace
}  // namespace gantry
