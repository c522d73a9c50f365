#include <gtest/gtest.h>

#include <set>

#include "tests/apiserver/endpoints/raw_client.h"

// What breaks clients without a word, one test each; those that need a connection or more of a
// fixture are called SilentKiller in the suites of their subject. README.md of this directory lists
// all.
namespace gantry::testing {
namespace {

class SilentKillers : public ::testing::Test {
 protected:
  EnvTest env_;
  RawClient raw_{&env_};

  std::string Revision(const Json& object) {
    return object["metadata"]["resourceVersion"].get<std::string>();
  }
  void ExpectStatus(const RawAnswer& answer, int code, const std::string& reason) {
    EXPECT_EQ(answer.status, code) << answer.text;
    EXPECT_EQ(answer.body.value("kind", ""), "Status") << answer.text;
    EXPECT_EQ(answer.body.value("status", ""), "Failure");
    EXPECT_EQ(answer.body.value("code", 0), code);
    EXPECT_EQ(answer.body.value("reason", ""), reason);
    EXPECT_FALSE(answer.body.value("message", "").empty());
  }
};

TEST_F(SilentKillers, IgnoredDryRun) {
  const std::string path = kConfigMapsPath;
  const RawAnswer made = raw_.Do("POST", path + "?dryRun=All", ConfigMapBody("a"));
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_FALSE(made.body["metadata"]["uid"].get<std::string>().empty());
  EXPECT_EQ(raw_.Get(path + "/a").status, 404);

  const RawAnswer stored = raw_.Do("POST", path, ConfigMapBody("a"));
  ASSERT_EQ(stored.status, 201);
  const HeaderList merge = {{"Content-Type", "application/merge-patch+json"}};
  const RawAnswer patched =
      raw_.Do("PATCH", path + "/a?dryRun=All", R"({"data":{"k":"other"}})", merge);
  EXPECT_EQ(patched.body["data"]["k"], "other");
  EXPECT_EQ(raw_.Do("PUT", path + "/a?dryRun=All", ConfigMapBody("a", R"({"x":"y"})")).status, 200);
  EXPECT_EQ(raw_.Do("DELETE", path + "/a?dryRun=All").status, 200);
  EXPECT_EQ(raw_.Do("DELETE", path + "/a", R"({"dryRun":["All"]})").status, 200);
  EXPECT_EQ(raw_.Do("DELETE", path + "?dryRun=All").status, 200);
  EXPECT_EQ(raw_.Get(path + "/a").body, stored.body);
  ExpectStatus(raw_.Do("POST", path + "?dryRun=Some", ConfigMapBody("b")), 422, "Invalid");
}

TEST_F(SilentKillers, IgnoredSendInitialEvents) {
  for (const char* name : {"a", "b"}) {
    ASSERT_EQ(raw_.Do("POST", kConfigMapsPath, ConfigMapBody(name)).status, 201);
  }
  const std::vector<Json> events =
      raw_.Lines(std::string(kConfigMapsPath) +
                     "?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&"
                     "resourceVersionMatch=NotOlderThan&resourceVersion=&timeoutSeconds=1",
                 3);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0]["type"], "ADDED");
  EXPECT_EQ(events[1]["type"], "ADDED");
  // Without this one a reflector waits for ever.
  EXPECT_EQ(events[2]["type"], "BOOKMARK");
  EXPECT_EQ(events[2]["object"]["kind"], "ConfigMap");
  const Json annotations =
      events[2]["object"].value(Json::json_pointer("/metadata/annotations"), Json::object());
  EXPECT_EQ(annotations.value("k8s.io/initial-events-end", ""), "true") << events[2];
  EXPECT_GE(std::stoll(Revision(events[2]["object"])), std::stoll(Revision(events[1]["object"])));
}

TEST_F(SilentKillers, ErrorsThatAreNoStatus) {
  const std::string path = kConfigMapsPath;
  ASSERT_EQ(raw_.Do("POST", path, ConfigMapBody("a")).status, 201);
  ExpectStatus(raw_.Get(path + "/missing"), 404, "NotFound");
  ExpectStatus(raw_.Get("/apis/none.example.com/v1/things"), 404, "NotFound");
  ExpectStatus(raw_.Do("POST", path, ConfigMapBody("a")), 409, "AlreadyExists");
  ExpectStatus(raw_.Do("POST", path + "/a", "{}"), 405, "MethodNotAllowed");
  ExpectStatus(raw_.Do("POST", path, "{"), 400, "BadRequest");
  ExpectStatus(raw_.Do("POST", path, ConfigMapBody("Not_A_Name")), 422, "Invalid");
  ExpectStatus(raw_.Get(path, {{"Accept", "text/html"}}), 406, "NotAcceptable");
  ExpectStatus(raw_.Get(path + "?labelSelector=%3D%3D"), 400, "BadRequest");
  ExpectStatus(raw_.Get(path + "?fieldSelector=spec.none%3Dx"), 400, "BadRequest");
  ExpectStatus(raw_.Get(path + "?resourceVersion=abc"), 400, "BadRequest");
  ExpectStatus(raw_.Do("PUT", path + "/a",
                       R"({"apiVersion":"v1","kind":"ConfigMap",
                           "metadata":{"name":"a","resourceVersion":"1"}})"),
               409, "Conflict");
}

TEST_F(SilentKillers, ProtobufBodies) {
  const HeaderList protobuf = {{"Content-Type", "application/vnd.kubernetes.protobuf"}};
  const auto body = [](const std::string& api_version, const std::string& kind) {
    const auto field = [](char number, const std::string& bytes) {
      return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size())} +
             bytes;
    };
    const std::string object = field(1, field(1, "sent")) + field(2, field(1, "k") + field(2, "v"));
    return std::string("k8s\0", 4) + field(1, field(1, api_version) + field(2, kind)) +
           field(2, object);
  };
  const RawAnswer made = raw_.Do("POST", kConfigMapsPath, body("v1", "ConfigMap"), protobuf);
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.header("Content-Type"), "application/json");
  EXPECT_EQ(raw_.Get(kConfigMapsPath + std::string("/sent")).body["metadata"]["name"], "sent");
  ExpectStatus(raw_.Do("POST", kConfigMapsPath, "k8s", protobuf), 400, "BadRequest");
  InstallWidgets(raw_);
  ExpectStatus(raw_.Do("POST", kWidgetsPath, body("widgets.example.com/v1", "Widget"), protobuf),
               415, "UnsupportedMediaType");
  ExpectStatus(raw_.Do("POST", kConfigMapsPath, "k8s", {{"Content-Type", "text/plain"}}), 415,
               "UnsupportedMediaType");
}

TEST_F(SilentKillers, ProtobufAloneIsAnsweredWithJson) {
  const RawAnswer list =
      raw_.Get(kConfigMapsPath, {{"Accept", "application/vnd.kubernetes.protobuf"}});
  EXPECT_EQ(list.status, 200);
  EXPECT_EQ(list.header("Content-Type"), "application/json");
}

TEST_F(SilentKillers, RevisionsThatAreNotMonotonicOrNoIntegers) {
  int64_t last = 0;
  for (const auto& [path, body] :
       {std::pair<std::string, std::string>{kConfigMapsPath, ConfigMapBody("a")},
        {"/api/v1/namespaces", R"({"metadata":{"name":"x"}})"},
        {kConfigMapsPath, ConfigMapBody("b")}}) {
    const RawAnswer made = raw_.Do("POST", path, body);
    ASSERT_EQ(made.status, 201) << made.text;
    const int64_t revision = std::stoll(Revision(made.body));
    EXPECT_GT(revision, last);
    last = revision;
  }
  EXPECT_GE(std::stoll(Revision(raw_.Get(kConfigMapsPath).body)), last);
}

TEST_F(SilentKillers, RevisionAheadOfTheServerIs504) {
  for (const char* query : {"?resourceVersion=999999", "/a?resourceVersion=999999"}) {
    ASSERT_NE(raw_.Do("POST", kConfigMapsPath, ConfigMapBody("a")).status, 500);
    const RawAnswer answer = raw_.Get(std::string(kConfigMapsPath) + query);
    ExpectStatus(answer, 504, "Timeout");
    EXPECT_EQ(answer.body["details"]["causes"][0]["reason"], "ResourceVersionTooLarge");
    EXPECT_EQ(answer.header("Retry-After"), "1");
  }
}

// In the middle of a stream: see the tests of the watch cache.
TEST_F(SilentKillers, ExpiredAs500) {
  const std::string path = kConfigMapsPath;
  for (const char* name : {"a", "b"}) {
    ASSERT_EQ(raw_.Do("POST", path, ConfigMapBody(name)).status, 201);
  }
  const RawAnswer page = raw_.Get(path + "?limit=1");
  const std::string revision = Revision(page.body);
  const std::string token = page.body["metadata"]["continue"];
  ASSERT_EQ(raw_.Do("POST", path, ConfigMapBody("c")).status, 201);
  ASSERT_TRUE(env_.store().Compact(env_.store().current_revision()).ok());
  apiserver::ApiServer restarted(&env_.store(), {});
  ASSERT_TRUE(restarted.Start(Context()).ok());
  const RawClient raw(restarted);
  ExpectStatus(raw.Get(path + "?watch=1&resourceVersion=" + revision), 410, "Expired");
  ExpectStatus(raw.Get(path + "?resourceVersionMatch=Exact&resourceVersion=" + revision), 410,
               "Expired");
  const RawAnswer expired = raw.Get(path + "?limit=1&continue=" + token);
  ExpectStatus(expired, 410, "Expired");
  const std::string fresh = expired.body["metadata"].value("continue", "");
  const RawAnswer rest = raw.Get(path + "?limit=1&continue=" + fresh);
  ASSERT_EQ(rest.body["items"].size(), 1u) << rest.text;
  EXPECT_EQ(rest.body["items"][0]["metadata"]["name"], "b");
  // From here on the list is consistent again.
  const std::string next = rest.body["metadata"]["continue"];
  EXPECT_EQ(raw.Get(path + "?continue=" + next).body["items"].size(), 1u);
}

TEST_F(SilentKillers, MissingSelectionByName) {
  const std::string path = kConfigMapsPath;
  ASSERT_EQ(raw_.Do("POST", path, ConfigMapBody("a")).status, 201);
  ASSERT_EQ(raw_.Do("POST", path, ConfigMapBody("ab")).status, 201);
  const RawAnswer list = raw_.Get(path + "?fieldSelector=metadata.name%3Da");
  ASSERT_EQ(list.body["items"].size(), 1u);
  const std::vector<Json> events = raw_.Lines(
      path + "?watch=1&fieldSelector=metadata.name%3Da&resourceVersion=0&timeoutSeconds=1", 10);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["type"], "ADDED");
  EXPECT_EQ(events[0]["object"]["metadata"]["name"], "a");
  EXPECT_EQ(events[0]["object"]["kind"], "ConfigMap");
  EXPECT_EQ(events[0]["object"]["apiVersion"], "v1");
}

TEST_F(SilentKillers, DeleteWithoutUid) {
  const RawAnswer made = raw_.Do("POST", kConfigMapsPath, ConfigMapBody("a"));
  const std::string uid = made.body["metadata"]["uid"];
  const std::string path = std::string(kConfigMapsPath) + "/a";
  ExpectStatus(raw_.Do("DELETE", path, R"({"preconditions":{"uid":"other"}})"), 409, "Conflict");
  const RawAnswer deleted = raw_.Do("DELETE", path);
  EXPECT_EQ(deleted.body["status"], "Success");
  EXPECT_EQ(deleted.body["details"]["uid"], uid);
}

TEST_F(SilentKillers, MissingGeneration) {
  InstallWidgets(raw_);
  const std::string path = std::string(kWidgetsPath) + "/w";
  const HeaderList merge = {{"Content-Type", "application/merge-patch+json"}};
  RawAnswer w = raw_.Do("POST", kWidgetsPath,
                        R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},
                            "spec":{"replicas":1},"status":{"replicas":9}})");
  ASSERT_EQ(w.status, 201) << w.text;
  EXPECT_EQ(w.body["metadata"]["generation"], 1);
  EXPECT_FALSE(w.body.contains("status"));
  w = raw_.Do("PATCH", path, R"({"metadata":{"labels":{"a":"b"}}})", merge);
  EXPECT_EQ(w.body["metadata"]["generation"], 1);
  w = raw_.Do("PATCH", path + "/status", R"({"status":{"replicas":1},"spec":{"replicas":7}})",
              merge);
  EXPECT_EQ(w.body["metadata"]["generation"], 1);
  EXPECT_EQ(w.body["spec"]["replicas"], 1);
  EXPECT_EQ(w.body["status"]["replicas"], 1);
  w = raw_.Do("PATCH", path, R"({"spec":{"replicas":2},"status":{"replicas":5}})", merge);
  EXPECT_EQ(w.body["metadata"]["generation"], 2);
  EXPECT_EQ(w.body["status"]["replicas"], 1);
  const std::string revision = Revision(w.body);
  w = raw_.Do("PATCH", path, R"({"spec":{"replicas":2}})", merge);
  EXPECT_EQ(Revision(w.body), revision) << "a write that changes nothing is no write";
}

// Who waits for what an annotation of an Application or a Service asks for sees it by generation.
TEST_F(SilentKillers, GenerationMissesRequestsByAnnotation) {
  const HeaderList merge = {{"Content-Type", "application/merge-patch+json"}};
  const std::string at = "/apis/gantry.dev/v1/namespaces/default/";
  for (const auto& [plural, object] :
       {std::pair{"applications",
                  R"("kind":"Application","spec":{"compose":"services: {a: {image: b}}"})"},
        {"services", R"("kind":"Service","spec":{"template":{"image":"b"}})"}}) {
    const RawAnswer made =
        raw_.Do("POST", at + plural,
                std::string(R"({"apiVersion":"gantry.dev/v1","metadata":{"name":"asked"},)") +
                    object + "}");
    ASSERT_EQ(made.status, 201) << made.text;
    const auto generation = [&, path = at + plural + "/asked"](const std::string& annotation,
                                                               const char* value) {
      const Json patch = {{"metadata", {{"annotations", {{annotation, value}}}}}};
      return GetInt(raw_.Do("PATCH", path, DumpJson(patch), merge).body["metadata"], "generation");
    };
    int64_t last = 1;
    EXPECT_EQ(generation("gantry.dev/note", "a"), last);
    for (const char* asks : {"gantry.dev/restarted-at", "gantry.dev/redeployed-at",
                             "gantry.dev/rescheduled-at", "gantry.dev/pinned-image"}) {
      EXPECT_EQ(generation(asks, "a"), ++last) << asks;
      EXPECT_EQ(generation(asks, "a"), last) << asks;
      EXPECT_EQ(generation(asks, "b"), ++last) << asks;
    }
  }
}

// What waits for our own kinds compares it with metadata.generation: each kind can say it, as a
// whole and of every condition.
TEST_F(SilentKillers, MissingObservedGeneration) {
  const RawAnswer document = raw_.Get("/openapi/v3/apis/gantry.dev/v1");
  int kinds = 0;
  for (const auto& [name, schema] : document.body["components"]["schemas"].items()) {
    const Json::json_pointer conditions("/properties/status/properties/conditions");
    if (!schema.contains(conditions)) continue;
    ++kinds;
    EXPECT_TRUE(
        schema.contains(Json::json_pointer("/properties/status/properties/observedGeneration")))
        << name;
    EXPECT_TRUE(
        schema.at(conditions).contains(Json::json_pointer("/items/properties/observedGeneration")))
        << name;
  }
  EXPECT_GE(kinds, 6);
}

TEST_F(SilentKillers, StrategicPatchTakenForMerge) {
  InstallWidgets(raw_);
  ASSERT_EQ(raw_.Do("POST", kWidgetsPath,
                    R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"}})")
                .status,
            201);
  for (const char* type : {"application/strategic-merge-patch+json", "application/json"}) {
    ExpectStatus(raw_.Do("PATCH", std::string(kWidgetsPath) + "/w", "{}", {{"Content-Type", type}}),
                 415, "UnsupportedMediaType");
  }
}

TEST_F(SilentKillers, ApplyWithoutManagedFields) {
  const std::string path = std::string(kConfigMapsPath) + "/a";
  const HeaderList merge = {{"Content-Type", "application/merge-patch+json"}};
  const RawAnswer made =
      raw_.Do("POST", std::string(kConfigMapsPath) + "?fieldManager=maker", ConfigMapBody("a"));
  const Json& fields = made.body["metadata"]["managedFields"];
  ASSERT_EQ(fields.size(), 1u) << made.text;
  EXPECT_EQ(fields[0]["manager"], "maker");
  EXPECT_EQ(fields[0]["operation"], "Update");
  EXPECT_EQ(fields[0]["apiVersion"], "v1");
  EXPECT_TRUE(fields[0]["fieldsV1"]["f:data"].contains("f:k"));

  const RawAnswer patched =
      raw_.Do("PATCH", path + "?fieldManager=other", R"({"data":{"k":"w"}})", merge);
  // The map stays with who made it, the value goes to who changed it.
  ASSERT_EQ(patched.body["metadata"]["managedFields"].size(), 2u) << patched.text;
  EXPECT_FALSE(patched.body["metadata"]["managedFields"][0]["fieldsV1"]["f:data"].contains("f:k"));
  EXPECT_EQ(patched.body["metadata"]["managedFields"][1]["manager"], "other");
  EXPECT_EQ(raw_.Get(path).body, patched.body);

  // A client that read the object and wrote it back changes nothing.
  const RawAnswer same = raw_.Do("PUT", path + "?fieldManager=third", patched.text);
  EXPECT_EQ(same.body, patched.body);
  // As Flux does it.
  const RawAnswer replaced =
      raw_.Do("PATCH", path + "?fieldManager=third",
              R"([{"op":"replace","path":"/metadata/managedFields","value":[{}]}])",
              {{"Content-Type", "application/json-patch+json"}});
  ASSERT_EQ(replaced.status, 200) << replaced.text;
  EXPECT_FALSE(replaced.body["metadata"].contains("managedFields")) << replaced.text;
}

TEST_F(SilentKillers, AbsentReviews) {
  const RawAnswer access =
      raw_.Do("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
              R"({"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview",
                  "spec":{"resourceAttributes":{"verb":"list","resource":"nodes"}}})");
  EXPECT_EQ(access.status, 201) << access.text;
  EXPECT_EQ(access.body["status"]["allowed"], true);
  const RawAnswer rules =
      raw_.Do("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
              R"({"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview",
                  "spec":{"namespace":"default"}})");
  EXPECT_EQ(rules.status, 201) << rules.text;
  EXPECT_EQ(rules.body["status"]["resourceRules"][0]["verbs"][0], "*");
  const RawAnswer self = raw_.Do("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                                 R"({"apiVersion":"authentication.k8s.io/v1",
                                     "kind":"SelfSubjectReview"})");
  EXPECT_EQ(self.status, 201) << self.text;
  EXPECT_EQ(self.body["status"]["userInfo"]["username"], "test");
}

TEST_F(SilentKillers, IdleWatchesWithoutBookmarks) {
  const std::vector<Json> events = raw_.Lines(
      std::string(kConfigMapsPath) + "?watch=1&allowWatchBookmarks=true&timeoutSeconds=1", 10);
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.back()["type"], "BOOKMARK");
  EXPECT_EQ(events.back()["object"]["kind"], "ConfigMap");
  EXPECT_GT(std::stoll(Revision(events.back()["object"])), 0);
}

TEST_F(SilentKillers, NoOpenApiV2AsProtobuf) {
  const RawAnswer answer = raw_.Get(
      "/openapi/v2", {{"Accept", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.text.empty());
  EXPECT_TRUE(answer.body.is_null());
  EXPECT_EQ(raw_.Get("/openapi/v2").body.value("swagger", ""), "2.0");
}

// kubectl takes such a server for one that does not validate, and refuses to apply. Of a kind whose
// document is not there yet it looks at Namespace.
TEST_F(SilentKillers, NoFieldValidationInOpenApi) {
  InstallWidgets(raw_);
  const RawAnswer index = raw_.Get("/openapi/v3");
  for (const char* path : {"api/v1", "apis/gantry.dev/v1", "apis/example.com/v1"}) {
    ASSERT_TRUE(index.body["paths"].contains(path)) << path;
    const RawAnswer document = raw_.Get(index.body["paths"][path]["serverRelativeURL"]);
    std::set<std::string> kinds;
    for (const auto& [where, operations] : document.body["paths"].items()) {
      if (!operations.contains("patch")) continue;
      const Json& patch = operations["patch"];
      ASSERT_TRUE(patch["x-kubernetes-group-version-kind"].is_object()) << where;
      kinds.insert(patch["x-kubernetes-group-version-kind"]["kind"]);
      std::set<std::string> parameters;
      for (const Json& parameter : patch["parameters"]) parameters.insert(parameter["name"]);
      EXPECT_EQ(parameters.count("fieldValidation"), 1u) << where;
    }
    const std::string kind = std::string(path) == "api/v1"               ? "Namespace"
                             : std::string(path) == "apis/gantry.dev/v1" ? "Application"
                                                                         : "Widget";
    EXPECT_EQ(kinds.count(kind), 1u) << kind;
  }
}

// A client takes a document whose type does not say that it is aggregated for the old one.
TEST_F(SilentKillers, DiscoveryThatDoesNotNameItsForm) {
  const std::string form = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  for (const char* path : {"/api", "/apis"}) {
    const RawAnswer answer = raw_.Get(path, {{"Accept", form + ",application/json"}});
    EXPECT_EQ(answer.header("Content-Type"), form) << path;
    EXPECT_EQ(answer.body.value("kind", ""), "APIGroupDiscoveryList") << path;
  }
}

// Reflectors drop what has no kind, and typed clients refuse a stream of another type.
TEST_F(SilentKillers, WatchesOfNoTypeAndEventsOfNoKind) {
  InstallWidgets(raw_);
  ASSERT_EQ(raw_.Do("POST", kWidgetsPath,
                    R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"}})")
                .status,
            201);
  const std::string query = "?watch=1&timeoutSeconds=1&resourceVersion=0";
  EXPECT_EQ(raw_.Get(kWidgetsPath + query).header("Content-Type"), "application/json");
  for (const Json& event : raw_.Lines(kWidgetsPath + query, 1)) {
    EXPECT_EQ(event["object"]["apiVersion"], "example.com/v1");
    EXPECT_EQ(event["object"]["kind"], "Widget");
  }
}

}  // namespace
}  // namespace gantry::testing
