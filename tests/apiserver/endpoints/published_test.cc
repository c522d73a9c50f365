#include <gtest/gtest.h>

#include "tests/apiserver/endpoints/raw_client.h"

// What discovery and OpenAPI say of kinds that users make, change and delete.
namespace gantry::testing {
namespace {

constexpr char kDefinitionsPath[] = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

class Published : public ::testing::Test {
 protected:
  EnvTest env_;
  RawClient raw_{&env_};

  static Json Served(const std::string& name, bool storage, const Json& schema) {
    return {{"name", name},
            {"served", true},
            {"storage", storage},
            {"schema", {{"openAPIV3Schema", schema}}}};
  }
  static Json Definition(const std::string& group, const std::string& plural,
                         const std::string& kind, const std::vector<Json>& versions) {
    return {{"apiVersion", "apiextensions.k8s.io/v1"},
            {"kind", "CustomResourceDefinition"},
            {"metadata", {{"name", plural + "." + group}}},
            {"spec",
             {{"group", group},
              {"scope", "Namespaced"},
              {"names", {{"plural", plural}, {"kind", kind}}},
              {"versions", versions}}}};
  }
  void Install(const Json& crd) {
    const RawAnswer made = raw_.Do("POST", kDefinitionsPath, crd.dump());
    ASSERT_EQ(made.status, 201) << made.text;
  }
  void Replace(const std::string& name, const std::vector<Json>& versions) {
    const RawAnswer patched = raw_.Do("PATCH", std::string(kDefinitionsPath) + "/" + name,
                                      Json({{"spec", {{"versions", versions}}}}).dump(),
                                      {{"Content-Type", "application/merge-patch+json"}});
    ASSERT_EQ(patched.status, 200) << patched.text;
  }
  // Where the document of a group version is; empty: there is none.
  std::string UrlOf(const std::string& group_version) {
    const RawAnswer index = raw_.Get("/openapi/v3");
    const Json paths = index.body["paths"];
    const auto it = paths.find("apis/" + group_version);
    return it == paths.end() ? "" : (*it)["serverRelativeURL"].get<std::string>();
  }
  // The schema of a kind in the document of its version; null when there is none.
  Json SchemaOf(const std::string& group_version, const std::string& kind) {
    const std::string url = UrlOf(group_version);
    if (url.empty()) return nullptr;
    const RawAnswer document = raw_.Get(url);
    const Json schemas = document.body["components"]["schemas"];
    for (const auto& [name, schema] : schemas.items()) {
      const Json kinds = schema.value("x-kubernetes-group-version-kind", Json::array());
      for (const Json& gvk : kinds) {
        if (gvk["kind"] == kind) return schema;
      }
    }
    return nullptr;
  }
  // How many kinds of that name the Swagger document has in a group.
  int InSwagger(const std::string& group, const std::string& kind) {
    int found = 0;
    const RawAnswer swagger = raw_.Get("/openapi/v2");
    const Json definitions = swagger.body["definitions"];
    for (const auto& [name, schema] : definitions.items()) {
      const Json kinds = schema.value("x-kubernetes-group-version-kind", Json::array());
      for (const Json& gvk : kinds) found += gvk["kind"] == kind && gvk["group"] == group;
    }
    return found;
  }

  const Json plain_ = Json::parse(R"({"type":"object","description":"A thing.","properties":{
      "spec":{"type":"object","description":"What is wanted.","properties":{
        "color":{"type":"string","description":"Any color."}}}}})");
  const Json open_ =
      Json::parse(R"({"type":"object","x-kubernetes-preserve-unknown-fields":true})");
};

TEST_F(Published, ASchemaIsThereWhenItsDefinitionIs) {
  Install(Definition("one.example.com", "things", "Thing", {Served("v1", true, plain_)}));
  const Json schema = SchemaOf("one.example.com/v1", "Thing");
  ASSERT_TRUE(schema.is_object());
  EXPECT_EQ(schema["description"], "A thing.");
  const Json::json_pointer color("/properties/spec/properties/color/description");
  EXPECT_EQ(schema.value(color, ""), "Any color.");
  EXPECT_TRUE(schema["properties"].contains("metadata"));
  EXPECT_EQ(InSwagger("one.example.com", "Thing"), 1);
}

TEST_F(Published, AKindThatKeepsWhatItDoesNotKnowSaysSo) {
  Install(Definition("one.example.com", "things", "Thing", {Served("v1", true, open_)}));
  EXPECT_EQ(SchemaOf("one.example.com/v1", "Thing")["x-kubernetes-preserve-unknown-fields"], true);
}

TEST_F(Published, KindsOfManyGroupsAndVersionsStandSideBySide) {
  Install(Definition("one.example.com", "things", "Thing",
                     {Served("v1", true, plain_), Served("v2", false, open_)}));
  Install(Definition("one.example.com", "others", "Other", {Served("v1", true, plain_)}));
  Install(Definition("two.example.com", "things", "Thing", {Served("v1", true, plain_)}));
  EXPECT_TRUE(SchemaOf("one.example.com/v1", "Thing").is_object());
  EXPECT_TRUE(SchemaOf("one.example.com/v1", "Other").is_object());
  EXPECT_TRUE(SchemaOf("one.example.com/v2", "Thing").is_object());
  EXPECT_TRUE(SchemaOf("one.example.com/v2", "Other").is_null());
  EXPECT_TRUE(SchemaOf("two.example.com/v1", "Thing").is_object());
  EXPECT_EQ(InSwagger("one.example.com", "Thing"), 2);
  EXPECT_EQ(InSwagger("two.example.com", "Thing"), 1);
}

TEST_F(Published, AChangeHasANewAddress) {
  Install(Definition("one.example.com", "things", "Thing", {Served("v1", true, plain_)}));
  const std::string before = UrlOf("one.example.com/v1"), core = UrlOf("gantry.dev/v1");
  Json changed = plain_;
  changed["properties"]["spec"]["properties"]["size"] = {{"type", "integer"}};
  Replace("things.one.example.com", {Served("v1", true, changed)});
  const std::string after = UrlOf("one.example.com/v1");
  EXPECT_NE(after, before);
  EXPECT_EQ(UrlOf("gantry.dev/v1"), core) << "clients keep what they have of the others";
  EXPECT_NE(after.find("?hash="), std::string::npos);
  EXPECT_TRUE(
      SchemaOf("one.example.com/v1", "Thing")["properties"]["spec"]["properties"].contains("size"));
}

TEST_F(Published, VersionsComeAndGo) {
  Json v1 = Served("v1", true, plain_), v2 = Served("v2", false, plain_);
  Install(Definition("one.example.com", "things", "Thing", {v1, v2}));
  v2["served"] = false;
  Replace("things.one.example.com", {v1, v2});
  EXPECT_EQ(UrlOf("one.example.com/v2"), "");
  EXPECT_EQ(InSwagger("one.example.com", "Thing"), 1);
  Json v3 = v2;
  v3["name"] = "v3";
  v3["served"] = true;
  Replace("things.one.example.com", {v1, v3});
  EXPECT_TRUE(SchemaOf("one.example.com/v3", "Thing").is_object());
  ASSERT_EQ(raw_.Do("DELETE", std::string(kDefinitionsPath) + "/things.one.example.com").status,
            200);
  const Context limit = Context().WithTimeout(std::chrono::seconds(30));
  while (raw_.Get("/apis/one.example.com").status != 404) {
    ASSERT_TRUE(limit.SleepFor(std::chrono::milliseconds(5)).ok());
  }
  EXPECT_EQ(UrlOf("one.example.com/v1"), "");
  EXPECT_EQ(InSwagger("one.example.com", "Thing"), 0);
}

// Each group names the version that clients shall use, and serves it; every kind that is listed is
// there.
// What discovery does not list is 405, and the other way round; of what namespaces have, nothing
// deletes all of them.
TEST_F(Published, VerbsAreThoseOfDiscovery) {
  const std::pair<const char*, const char*> of_all[] = {
      {"list", "GET"}, {"create", "POST"}, {"deletecollection", "DELETE"}};
  const std::pair<const char*, const char*> of_one[] = {
      {"get", "GET"}, {"update", "PUT"}, {"patch", "PATCH"}, {"delete", "DELETE"}};
  int refused = 0;
  for (const std::string root : {"/api/v1", "/apis/gantry.dev/v1", "/apis/authorization.k8s.io/v1",
                                 "/apis/coordination.k8s.io/v1", "/apis/apiextensions.k8s.io/v1"}) {
    const RawAnswer resources = raw_.Get(root);
    for (const Json& resource : resources.body["resources"]) {
      const std::string plural = resource["name"];
      const std::vector<std::string> verbs = resource["verbs"];
      const size_t slash = plural.find('/');
      const bool below = slash != plural.npos;
      const std::string collection = root +
                                     (resource["namespaced"] == true ? "/namespaces/none/" : "/") +
                                     plural.substr(0, slash);
      const auto check = [&](const std::string& verb, const char* method, const std::string& path) {
        const bool listed = std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
        const int status = raw_.Do(method, path + "?dryRun=All", "{}").status;
        EXPECT_EQ(status == 405, !listed) << method << " " << path << ": " << status;
        refused += listed ? 0 : 1;
      };
      if (!below) {
        for (const auto& [verb, method] : of_all) check(verb, method, collection);
      }
      const std::string one = collection + "/none" + (below ? plural.substr(slash) : "");
      for (const auto& [verb, method] : of_one) check(verb, method, one);
    }
  }
  EXPECT_GT(refused, 20);
  const RawAnswer namespaces = raw_.Do("DELETE", "/api/v1/namespaces");
  EXPECT_EQ(namespaces.status, 405) << namespaces.text;
  EXPECT_EQ(namespaces.body["reason"], "MethodNotAllowed");
  EXPECT_EQ(raw_.Get("/api/v1/namespaces/default").body["status"]["phase"], "Active");
}

TEST_F(Published, DiscoveryKeepsItsPromises) {
  Install(Definition("one.example.com", "things", "Thing",
                     {Served("v1beta1", false, plain_), Served("v2", true, plain_),
                      Served("v10", false, plain_)}));
  const RawAnswer groups = raw_.Get("/apis");
  for (const Json& group : groups.body["groups"]) {
    const std::string name = group["name"];
    const Json& preferred = group["preferredVersion"];
    EXPECT_NE(std::find(group["versions"].begin(), group["versions"].end(), preferred),
              group["versions"].end())
        << name;
    EXPECT_EQ(raw_.Get("/apis/" + name).body["preferredVersion"], preferred);
    if (name == "one.example.com") {
      EXPECT_EQ(preferred["version"], "v10") << "the highest stable one";
    }
    const RawAnswer resources = raw_.Get("/apis/" + preferred["groupVersion"].get<std::string>());
    EXPECT_EQ(resources.body["groupVersion"], preferred["groupVersion"]);
    for (const Json& resource : resources.body["resources"]) {
      const std::string plural = resource["name"];
      const std::vector<std::string> verbs = resource["verbs"];
      EXPECT_FALSE(verbs.empty()) << plural;
      if (std::find(verbs.begin(), verbs.end(), "list") == verbs.end()) continue;
      const RawAnswer list = raw_.Get("/apis/" + preferred["groupVersion"].get<std::string>() +
                                      "/" + plural + "?limit=1");
      EXPECT_EQ(list.status, 200) << plural;
    }
  }
}

}  // namespace
}  // namespace gantry::testing
