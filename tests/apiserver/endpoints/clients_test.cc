#include <gtest/gtest.h>

#include <future>

#include "tests/apiserver/endpoints/config_map_fixture.h"

// What well-known clients send, in their order, and what they then rely on.
namespace gantry::testing {
namespace {

const HeaderList kAsApply = {{"Content-Type", "application/apply-patch+yaml"}};
const HeaderList kAsMerge = {{"Content-Type", "application/merge-patch+json"}};

class Clients : public ConfigMapFixture {
 protected:
  RawAnswer Review(const std::string& verb, const std::string& group, const std::string& resource) {
    const Json body = {
        {"apiVersion", "authorization.k8s.io/v1"},
        {"kind", "SelfSubjectAccessReview"},
        {"spec",
         {{"resourceAttributes", {{"verb", verb}, {"group", group}, {"resource", resource}}}}}};
    return raw_.Do("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body.dump());
  }
  static std::string Text(const Json& json, const char* pointer) {
    const Json found = json.value(Json::json_pointer(pointer), Json(""));
    return found.is_string() ? found.get<std::string>() : found.dump();
  }
};

// gitops-engine: every preferred kind that can be listed and watched, page by page, then a watch of
// each from the list's revision.
TEST_F(Clients, ArgoCdFillsItsCache) {
  InstallWidgets(raw_);
  for (int i = 0; i < 7; ++i) Make("m" + std::to_string(i));
  int kinds = 0, pages = 0;
  std::vector<std::future<RawAnswer>> watches;
  for (const char* root : {"/api", "/apis"}) {
    const RawAnswer groups =
        raw_.Get(root, {{"Accept",
                         "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
                         "application/json"}});
    ASSERT_EQ(groups.header("Content-Type"),
              "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    for (const Json& group : groups.body["items"]) {
      const Json& preferred = group["versions"][0];
      const std::string name = Text(group, "/metadata/name");
      for (const Json& resource : preferred["resources"]) {
        const std::vector<std::string> verbs = resource["verbs"];
        const auto can = [&](const char* verb) {
          return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
        };
        if (!can("list") || !can("watch")) continue;
        ++kinds;
        const std::string path = (name.empty() ? std::string("/api/") : "/apis/" + name + "/") +
                                 Text(preferred, "/version") + "/" + Text(resource, "/resource");
        std::string token, revision;
        do {
          const RawAnswer page = raw_.Get(path + "?limit=3&continue=" + token);
          ASSERT_EQ(page.status, 200) << path << page.text;
          token = Text(page.body, "/metadata/continue");
          if (!revision.empty()) {
            EXPECT_EQ(Text(page.body, "/metadata/resourceVersion"), revision);
          }
          revision = Text(page.body, "/metadata/resourceVersion");
          ++pages;
        } while (!token.empty());
        watches.push_back(std::async(std::launch::async, [this, path, revision] {
          return raw_.Get(path + "?watch=true&allowWatchBookmarks=true&timeoutSeconds=1&" +
                          "resourceVersion=" + revision);
        }));
      }
    }
  }
  for (std::future<RawAnswer>& watch : watches) {
    const RawAnswer answer = watch.get();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.text.find("\"ADDED\""), std::string::npos) << "nothing twice";
  }
  EXPECT_GE(kinds, 5);
  EXPECT_GT(pages, kinds) << "ConfigMaps take several pages";
}

TEST_F(Clients, ArgoCdSyncs) {
  EXPECT_EQ(Text(Review("list", "example.com", "widgets").body, "/status/allowed"), "true");
  InstallWidgets(raw_);
  const std::string widget = std::string(kWidgetsPath) + "/w";
  const std::string manifest =
      "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w, annotations: "
      "{argocd.argoproj.io/tracking-id: t}}\nspec: {color: blue}\n";
  ASSERT_EQ(raw_.Do("PATCH", widget + "?fieldManager=argocd-controller&force=true&dryRun=All",
                    manifest, kAsApply)
                .status,
            201);
  const RawAnswer made =
      raw_.Do("PATCH", widget + "?fieldManager=argocd-controller&force=true", manifest, kAsApply);
  ASSERT_EQ(made.status, 201) << made.text;
  // Foreground deletion, as its finalizer asks for: the object stays and says so.
  const RawAnswer deleted =
      raw_.Do("DELETE", widget,
              R"({"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Foreground"})");
  EXPECT_EQ(deleted.status, 200);
  EXPECT_EQ(Text(deleted.body, "/metadata/finalizers/0"), "foregroundDeletion");
  EXPECT_FALSE(Text(deleted.body, "/metadata/deletionTimestamp").empty());
}

// kustomize-controller: drift is what a forced dry run changes; then the apply. It cleans up
// managers by a JSON patch, and makes immutable objects anew.
TEST_F(Clients, FluxReconciles) {
  const std::string map = path_ + "/app";
  const std::string manifest =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app, labels: "
      "{kustomize.toolkit.fluxcd.io/name: apps}}\ndata: {a: b}\nimmutable: true\n";
  const std::string manager = "?fieldManager=kustomize-controller&force=true";
  ASSERT_EQ(raw_.Do("PATCH", map + manager + "&dryRun=All", manifest, kAsApply).status, 201);
  ASSERT_EQ(raw_.Do("PATCH", map + manager, manifest, kAsApply).status, 201);
  const RawAnswer same = raw_.Do("PATCH", map + manager + "&dryRun=All", manifest, kAsApply);
  ASSERT_EQ(same.status, 200);
  EXPECT_EQ(same.body, raw_.Get(map).body) << "no drift";
  const RawAnswer changed = raw_.Do(
      "PATCH", map + manager,
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {a: c}\nimmutable: true\n",
      kAsApply);
  EXPECT_EQ(changed.status, 422);
  EXPECT_NE(Text(changed.body, "/message").find("field is immutable"), std::string::npos);
  const RawAnswer patched =
      raw_.Do("PATCH", map,
              Json::array({{{"op", "replace"},
                            {"path", "/metadata/managedFields"},
                            {"value", same.body["metadata"]["managedFields"]}}})
                  .dump(),
              {{"Content-Type", "application/json-patch+json"}});
  EXPECT_EQ(patched.status, 200) << patched.text;
  const RawAnswer deleted =
      raw_.Do("DELETE", map,
              R"({"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background"})");
  EXPECT_EQ(Text(deleted.body, "/status"), "Success");
  EXPECT_EQ(raw_.Get(map).status, 404);
}

// Releases are Secrets of nearly a mebibyte, found by their labels; upgrades are three-way patches.
TEST_F(Clients, HelmInstallsAndUpgrades) {
  EXPECT_EQ(Text(raw_.Get("/version").body, "/gitVersion").rfind("v1.", 0), 0u);
  const std::string secrets = "/api/v1/namespaces/default/secrets";
  const auto release = [](int revision, const std::string& status) {
    return Json{{"apiVersion", "v1"},
                {"kind", "Secret"},
                {"type", "helm.sh/release.v1"},
                {"metadata",
                 {{"name", fmt::format("sh.helm.release.v1.web.v{}", revision)},
                  {"labels",
                   {{"owner", "helm"},
                    {"name", "web"},
                    {"status", status},
                    {"version", std::to_string(revision)}}}}},
                {"data", {{"release", std::string(1000 * 1000, 'A')}}}}
        .dump();
  };
  ASSERT_EQ(raw_.Do("POST", secrets, release(1, "pending-install")).status, 201);
  ASSERT_EQ(raw_.Do("POST", path_, ConfigMapBody("web")).status, 201);
  const RawAnswer deployed =
      raw_.Do("PUT", secrets + "/sh.helm.release.v1.web.v1", release(1, "deployed"));
  ASSERT_EQ(deployed.status, 200) << deployed.text.substr(0, 500);
  const RawAnswer found = raw_.Get(
      secrets + "?labelSelector=name%3Dweb%2Cowner%3Dhelm%2Cstatus%20in%20%28deployed%2Cfailed%29");
  ASSERT_EQ(found.body["items"].size(), 1u);
  // The upgrade of a built-in kind.
  const RawAnswer patched = raw_.Do("PATCH", path_ + "/web", R"({"data":{"k":null,"new":"1"}})",
                                    {{"Content-Type", "application/strategic-merge-patch+json"}});
  ASSERT_EQ(patched.status, 200) << patched.text;
  EXPECT_EQ(patched.body["data"], Json({{"new", "1"}}));
  EXPECT_EQ(raw_.Do("POST", secrets, release(1, "pending-upgrade")).status, 409);
  EXPECT_EQ(raw_.Do("POST", secrets, release(2, "pending-upgrade")).status, 201);
  EXPECT_EQ(raw_.Do("DELETE", path_ + "/web", R"({"propagationPolicy":"Background"})").status, 200);
}

TEST_F(Clients, K9sAsksForTables) {
  EXPECT_EQ(Text(Review("list", "", "configmaps").body, "/status/allowed"), "true");
  Make("a");
  const char* const table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
  for (const auto& [include, kind] :
       {std::pair<const char*, const char*>{"Metadata", "PartialObjectMetadata"},
        {"Object", "ConfigMap"}}) {
    const RawAnswer list =
        raw_.Get(path_ + "?includeObject=" + include + "&limit=500", {{"Accept", table}});
    EXPECT_EQ(list.header("Content-Type"), "application/json;as=Table;g=meta.k8s.io;v=v1");
    EXPECT_EQ(list.body["kind"], "Table");
    ASSERT_EQ(list.body["rows"].size(), 1u);
    EXPECT_EQ(list.body["rows"][0]["object"]["kind"], kind);
    EXPECT_EQ(Text(list.body, "/rows/0/object/metadata/name"), "a");
  }
  const RawAnswer none = raw_.Get(path_ + "?includeObject=None", {{"Accept", table}});
  EXPECT_TRUE(none.body["rows"][0]["object"].is_null());
}

TEST_F(Clients, TerraformReadsTheSwaggerDocumentAsJson) {
  InstallWidgets(raw_);
  const RawAnswer swagger = raw_.Get("/openapi/v2", {{"Accept", "application/json"}});
  EXPECT_EQ(swagger.header("Content-Type"), "application/json");
  ASSERT_EQ(Text(swagger.body, "/swagger"), "2.0");
  bool found = false;
  for (const auto& [name, definition] : swagger.body["definitions"].items()) {
    const Json kinds = definition.value("x-kubernetes-group-version-kind", Json::array());
    for (const Json& gvk : kinds) found |= gvk["group"] == "example.com" && gvk["kind"] == "Widget";
  }
  EXPECT_TRUE(found) << "it finds types by this extension";
}

// Leader election, metadata-only caches, status.
TEST_F(Clients, ControllerRuntime) {
  const std::string leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
  const auto lease = [](const std::string& holder, const std::string& revision) {
    Json out = {{"apiVersion", "coordination.k8s.io/v1"},
                {"kind", "Lease"},
                {"metadata", {{"name", "lock"}}},
                {"spec",
                 {{"holderIdentity", holder},
                  {"leaseDurationSeconds", 15},
                  {"acquireTime", "2026-01-02T03:04:05.678901Z"},
                  {"renewTime", "2026-01-02T03:04:05.678901Z"},
                  {"leaseTransitions", 0}}}};
    if (!revision.empty()) out["metadata"]["resourceVersion"] = revision;
    return out.dump();
  };
  const RawAnswer made = raw_.Do("POST", leases, lease("a", ""));
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(Text(made.body, "/spec/renewTime"), "2026-01-02T03:04:05.678901Z");
  const std::string revision = Text(made.body, "/metadata/resourceVersion");
  EXPECT_EQ(raw_.Do("PUT", leases + "/lock", lease("b", revision)).status, 200);
  EXPECT_EQ(raw_.Do("PUT", leases + "/lock", lease("c", revision)).status, 409) << "one leader";

  Make("a");
  const RawAnswer list =
      raw_.Get(path_ + "?limit=500&resourceVersion=0",
               {{"Accept",
                 "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;"
                 "v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,"
                 "application/json"}});
  EXPECT_EQ(list.header("Content-Type"),
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
  EXPECT_EQ(list.body["kind"], "PartialObjectMetadataList");
  EXPECT_EQ(list.body["items"][0]["kind"], "PartialObjectMetadata");
  EXPECT_FALSE(list.body["items"][0].contains("data"));
  // Deleting by one's last look at the object.
  const std::string uid = Text(list.body, "/items/0/metadata/uid");
  EXPECT_EQ(raw_.Do("DELETE", path_ + "/a", R"({"preconditions":{"uid":")" + uid + R"("}})").status,
            200);
}

// kubectl wait and rollouts believe a condition only when the controller has seen the spec.
TEST_F(Clients, WaitReadsGenerations) {
  InstallWidgets(raw_);
  const std::string widget = std::string(kWidgetsPath) + "/w";
  ASSERT_EQ(raw_.Do("POST", kWidgetsPath,
                    R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"}})")
                .status,
            201);
  const std::vector<Json> events =
      raw_.Lines(std::string(kWidgetsPath) +
                     "?watch=1&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dw&"
                     "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1",
                 2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0]["object"]["metadata"]["generation"], 1);
  const RawAnswer changed = raw_.Do("PATCH", widget, R"({"spec":{"replicas":2}})", kAsMerge);
  EXPECT_EQ(changed.body["metadata"]["generation"], 2);
}

}  // namespace
}  // namespace gantry::testing
