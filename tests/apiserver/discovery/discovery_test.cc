#include "apiserver/discovery/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schemas/embedded.h"

namespace gantry::apiserver::discovery {
namespace {

using testing::ElementsAre;

constexpr char kV2[] = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
constexpr char kV2Beta1[] =
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

schema::Version MakeVersion(std::string name, bool served = true) {
  schema::Version v;
  v.name = std::move(name);
  v.served = served;
  return v;
}

std::shared_ptr<schema::Definition> Make(std::string group, std::string kind,
                                         std::vector<schema::Version> versions) {
  auto d = std::make_shared<schema::Definition>();
  d->group = std::move(group);
  d->kind = kind;
  d->list_kind = kind + "List";
  kind[0] = static_cast<char>(std::tolower(kind[0]));
  d->singular = kind;
  d->plural = kind + "s";
  d->versions = std::move(versions);
  return d;
}

GroupTexts& Texts() {
  static auto* const texts = new GroupTexts;
  return *texts;
}

Definitions Sample() {
  auto widget = Make("example.com", "Widget",
                     {MakeVersion("v1beta1"), MakeVersion("v1"), MakeVersion("v0", false)});
  widget->short_names = {"wd"};
  widget->categories = {"all"};
  widget->versions[1].status_subresource = true;
  widget->versions[1].scale.emplace();
  auto container = Make("gantry.dev", "Container", {MakeVersion("v1")});
  container->connect_subresources = {"log", "exec"};
  auto ns = Make("", "Namespace", {MakeVersion("v1")});
  ns->namespaced = false;
  ns->strategy.namespace_lifecycle = true;
  auto review = Make("authorization.k8s.io", "Review", {MakeVersion("v1")});
  review->strategy.virtual_only = true;
  return {widget, container, ns, review};
}

Json Body(std::string_view path, std::string_view accept = "") {
  const Result<Answer> answer = Serve(Sample(), path, accept, "", &Texts());
  EXPECT_TRUE(answer.ok()) << path;
  return answer.ok() ? *ParseJson(answer->body) : Json();
}

TEST(Discovery, LegacyGroups) {
  EXPECT_EQ(Body("/api")["versions"], Json({"v1"}));
  EXPECT_EQ(Body("/api/")["kind"], "APIVersions");
  EXPECT_EQ(Body("/apis"), *ParseJson(R"({"kind":"APIGroupList","apiVersion":"v1","groups":[
      {"name":"gantry.dev","versions":[{"groupVersion":"gantry.dev/v1","version":"v1"}],
       "preferredVersion":{"groupVersion":"gantry.dev/v1","version":"v1"}},
      {"name":"authorization.k8s.io",
       "versions":[{"groupVersion":"authorization.k8s.io/v1","version":"v1"}],
       "preferredVersion":{"groupVersion":"authorization.k8s.io/v1","version":"v1"}},
      {"name":"example.com",
       "versions":[{"groupVersion":"example.com/v1","version":"v1"},
                   {"groupVersion":"example.com/v1beta1","version":"v1beta1"}],
       "preferredVersion":{"groupVersion":"example.com/v1","version":"v1"}}]})"));
  EXPECT_EQ(Body("/apis/example.com")["kind"], "APIGroup");
  EXPECT_EQ(Body("/apis/example.com")["preferredVersion"]["version"], "v1");
}

TEST(Discovery, LegacyResources) {
  EXPECT_EQ(Body("/apis/example.com/v1"), *ParseJson(R"({"kind":"APIResourceList","apiVersion":"v1",
      "groupVersion":"example.com/v1","resources":[
        {"name":"widgets","singularName":"widget","namespaced":true,"kind":"Widget",
         "verbs":["create","delete","deletecollection","get","list","patch","update","watch"],
         "shortNames":["wd"],"categories":["all"]},
        {"name":"widgets/status","singularName":"","namespaced":true,"kind":"Widget",
         "verbs":["get","patch","update"]},
        {"name":"widgets/scale","singularName":"","namespaced":true,"kind":"Scale",
         "group":"autoscaling","version":"v1","verbs":["get","patch","update"]}]})"));
  EXPECT_EQ(Body("/apis/example.com/v1beta1")["resources"].size(), 1u);
  EXPECT_EQ(Body("/api/v1")["groupVersion"], "v1");
  EXPECT_EQ(Body("/api/v1")["resources"][0]["namespaced"], false);
  EXPECT_EQ(Body("/apis/authorization.k8s.io/v1")["resources"][0]["verbs"], Json({"create"}));
  const Json containers = Body("/apis/gantry.dev/v1")["resources"];
  EXPECT_EQ(containers[1]["name"], "containers/log");
  EXPECT_EQ(containers[1]["verbs"], Json({"get"}));
  EXPECT_EQ(containers[2]["name"], "containers/exec");
  EXPECT_EQ(containers[2]["verbs"], Json({"create", "get"}));
}

TEST(Discovery, AggregatedForm) {
  const Json core = Body("/api", kV2);
  EXPECT_EQ(core,
            *ParseJson(R"({"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2",
      "metadata":{},"items":[{"metadata":{"creationTimestamp":null},"versions":[
        {"version":"v1","freshness":"Current","resources":[
          {"resource":"namespaces","responseKind":{"group":"","version":"v1","kind":"Namespace"},
           "scope":"Cluster","singularResource":"namespace",
           "verbs":["create","delete","get","list","patch","update","watch"],
           "subresources":[{"subresource":"finalize","verbs":["update"],
             "responseKind":{"group":"","version":"v1","kind":"Namespace"}}]}]}]}]})"));
  const Json groups = Body("/apis", kV2Beta1);
  EXPECT_EQ(groups["apiVersion"], "apidiscovery.k8s.io/v2beta1");
  ASSERT_EQ(groups["items"].size(), 3u);
  EXPECT_EQ(groups["items"][0]["metadata"]["name"], "gantry.dev");
  const Json& example = groups["items"][2];
  EXPECT_EQ(example["versions"][0]["version"], "v1");
  EXPECT_EQ(example["versions"][1]["version"], "v1beta1");
  EXPECT_EQ(example["versions"][0]["resources"][0]["subresources"], *ParseJson(R"([
      {"subresource":"status","verbs":["get","patch","update"],
       "responseKind":{"group":"example.com","version":"v1","kind":"Widget"}},
      {"subresource":"scale","verbs":["get","patch","update"],
       "responseKind":{"group":"autoscaling","version":"v1","kind":"Scale"}}])"));
  EXPECT_FALSE(example["versions"][1]["resources"][0].contains("subresources"));
}

TEST(Discovery, NegotiatesByAccept) {
  struct Case {
    std::string accept;
    const char* path;
    const char* want;  // Content-Type; null: not acceptable
  };
  const std::vector<Case> cases = {
      {"", "/apis", "application/json"},
      {"*/*", "/apis", "application/json"},
      {"application/json", "/apis", "application/json"},
      {kV2, "/apis", kV2},
      {"application/json; g=apidiscovery.k8s.io; v=v2; as=APIGroupDiscoveryList", "/apis", kV2},
      {std::string(kV2) + "," + kV2Beta1 + ",application/json", "/api", kV2},
      {std::string(kV2Beta1) + "," + kV2 + ",application/json", "/api", kV2Beta1},
      {"application/json;q=0.9," + std::string(kV2), "/api", kV2},
      {std::string(kV2) + ",application/json", "/apis/gantry.dev/v1", "application/json"},
      {"application/vnd.kubernetes.protobuf,application/json", "/apis", "application/json"},
      {"application/json;g=apidiscovery.k8s.io;v=v3;as=APIGroupDiscoveryList,application/json",
       "/apis", "application/json"},
      {"application/vnd.kubernetes.protobuf", "/apis", nullptr},
      {kV2, "/apis/gantry.dev/v1", nullptr}};
  for (const Case& c : cases) {
    const Result<Answer> answer = Serve(Sample(), c.path, c.accept, "", &Texts());
    if (!c.want) {
      ASSERT_FALSE(answer.ok()) << c.accept;
      EXPECT_EQ(answer.code(), Code::kNotAcceptable);
      continue;
    }
    ASSERT_TRUE(answer.ok()) << c.accept;
    EXPECT_EQ(answer->content_type, c.want) << c.accept;
    EXPECT_EQ(answer->status, 200);
  }
}

TEST(Discovery, KnownEtagsAreNotSentAgain) {
  const Answer first = *Serve(Sample(), "/apis", kV2, "", &Texts());
  ASSERT_FALSE(first.etag.empty());
  const Answer again = *Serve(Sample(), "/apis", kV2, "\"old\", " + first.etag, &Texts());
  EXPECT_EQ(again.status, 304);
  EXPECT_TRUE(again.body.empty());
  EXPECT_EQ(again.etag, first.etag);
  EXPECT_EQ(Serve(Sample(), "/apis", "", first.etag, &Texts())->status, 200);
  Definitions fewer = Sample();
  fewer.pop_back();
  EXPECT_NE(Serve(fewer, "/apis", kV2, "", &Texts())->etag, first.etag);
}

TEST(Discovery, NothingElseIsThere) {
  for (const char* path :
       {"/", "/ap", "/api/v2", "/apis/none", "/apis/example.com/v2", "/apis/example.com/v0",
        "/api/v1/namespaces", "/apis/example.com/v1/x"}) {
    const Result<Answer> answer = Serve(Sample(), path, "", "", &Texts());
    ASSERT_FALSE(answer.ok()) << path;
    EXPECT_EQ(answer.code(), Code::kNotFound) << path;
  }
}

TEST(Discovery, PrefersStableVersions) {
  std::vector<std::string> versions = {"foo1",     "v1alpha1", "v2beta1", "v10",      "v1",
                                       "v1beta10", "v1beta2",  "v2",      "v11alpha2"};
  std::sort(versions.begin(), versions.end(), VersionLess);
  EXPECT_THAT(versions, ElementsAre("v10", "v2", "v1", "v2beta1", "v1beta10", "v1beta2",
                                    "v11alpha2", "v1alpha1", "foo1"));
}

TEST(Discovery, BuiltinKindsAreAllListed) {
  Definitions all;
  for (const schemas::Manifest& m : schemas::Embedded())
    all.push_back(*schema::ParseDefinition(*ParseJson(m.json), schema::Origin::kBuiltin));
  size_t listed = 0;
  for (const bool core : {true, false}) {
    const Json document = Aggregated(all, core, "v2");
    for (const Json& group : document["items"])
      for (const Json& version : group["versions"]) listed += version["resources"].size();
  }
  EXPECT_EQ(listed, all.size());
}

TEST(Discovery, GroupTextsFollowTheDefinitions) {
  Definitions all = Sample();
  GroupTexts texts;
  for (const bool core : {true, false}) {
    EXPECT_EQ(AggregatedText(all, core, "v2", &texts), DumpJson(Aggregated(all, core, "v2")));
  }
  // One kind less in a group, and then the whole group.
  while (!all.empty()) {
    all.pop_back();
    EXPECT_EQ(AggregatedText(all, false, "v2", &texts), DumpJson(Aggregated(all, false, "v2")));
  }
}

}  // namespace
}  // namespace gantry::apiserver::discovery
