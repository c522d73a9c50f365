#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/apiserver/endpoints/raw_client.h"

namespace gantry::testing {
namespace {

const char* const kCrdsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const HeaderList kMerge = {{"Content-Type", "application/merge-patch+json"}};
const HeaderList kJsonPatch = {{"Content-Type", "application/json-patch+json"}};

class Write : public ::testing::Test {
 protected:
  EnvTest env_;
  RawClient raw_{&env_};
  const std::string maps_ = kConfigMapsPath;
  const std::string widgets_ = kWidgetsPath;

  std::string Widget(const std::string& name, const std::string& spec = "{}",
                     const std::string& meta = "") {
    return R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":")" + name + "\"" +
           meta + R"(},"spec":)" + spec + "}";
  }
  // Waits for a state of GET `path`.
  RawAnswer WaitFor(const std::string& path, const std::function<bool(const RawAnswer&)>& done) {
    const Context deadline = Context().WithTimeout(std::chrono::seconds(20));
    while (true) {
      const RawAnswer answer = raw_.Get(path);
      if (done(answer) || !deadline.SleepFor(std::chrono::milliseconds(5)).ok()) return answer;
    }
  }
};

TEST_F(Write, WhatATemplateAsksForInVainIsWarnedOf) {
  const std::string apps = "/apis/gantry.dev/v1/namespaces/default/applications";
  const auto app = [](const std::string& service) {
    return R"({"apiVersion":"gantry.dev/v1","kind":"Application","metadata":{"name":"shop"},"spec":{)"
           R"("compose":"services: {web: {image: a, )" +
           service + R"(}}"}})";
  };
  const RawAnswer made = raw_.Do("POST", apps, app("container_name: m"));
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_NE(made.header("Warning").find("spec.compose: services.web.container_name: "),
            std::string::npos)
      << made.header("Warning");
  // A write that leaves the template alone repeats nothing.
  const RawAnswer labelled =
      raw_.Do("PATCH", apps + "/shop", R"({"metadata":{"labels":{"a":"b"}}})",
              {{"Content-Type", "application/merge-patch+json"}});
  ASSERT_EQ(labelled.status, 200) << labelled.text;
  EXPECT_EQ(labelled.header("Warning"), "");
}

TEST_F(Write, FieldValidation) {
  InstallWidgets(raw_);
  const std::string unknown = Widget("w", R"({"colour":"x","ports":[{"port":1,"porto":2}]})");
  const RawAnswer strict = raw_.Do("POST", widgets_ + "?fieldValidation=Strict", unknown);
  EXPECT_EQ(strict.status, 400);
  EXPECT_EQ(strict.body["reason"], "BadRequest");
  EXPECT_NE(strict.text.find(R"(strict decoding error: unknown field \"spec.colour\")"),
            std::string::npos)
      << strict.text;
  EXPECT_NE(strict.text.find(R"(unknown field \"spec.ports[0].porto\")"), std::string::npos);

  const RawAnswer warn = raw_.Do("POST", widgets_, unknown);
  EXPECT_EQ(warn.status, 201) << warn.text;
  EXPECT_EQ(warn.header("Warning"), R"(299 - "unknown field \"spec.colour\"")");
  EXPECT_FALSE(warn.body["spec"].contains("colour"));

  const RawAnswer ignore =
      raw_.Do("POST", widgets_ + "?fieldValidation=Ignore", Widget("x", R"({"colour":"x"})"));
  EXPECT_EQ(ignore.status, 201);
  EXPECT_EQ(ignore.header("Warning"), "");
  EXPECT_EQ(raw_.Do("POST", widgets_ + "?fieldValidation=Maybe", unknown).status, 422);

  const RawAnswer twice = raw_.Do("POST", widgets_ + "?fieldValidation=Strict",
                                  Widget("y", R"({"color":"a","color":"b"})"));
  EXPECT_EQ(twice.status, 400);
  EXPECT_NE(twice.text.find(R"(duplicate field \"spec.color\")"), std::string::npos) << twice.text;
}

TEST_F(Write, SchemaViolationsAreFieldErrors) {
  InstallWidgets(raw_);
  const RawAnswer bad = raw_.Do("POST", widgets_, Widget("w", R"({"replicas":50})"));
  EXPECT_EQ(bad.status, 422);
  EXPECT_EQ(bad.body["reason"], "Invalid");
  EXPECT_EQ(bad.body["details"]["causes"][0]["field"], "spec.replicas");
  EXPECT_EQ(bad.body["details"]["kind"], "Widget");
  EXPECT_EQ(bad.body["details"]["group"], "example.com");
}

TEST_F(Write, GenerateName) {
  const std::string body =
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"gen-"}})";
  const RawAnswer a = raw_.Do("POST", maps_, body);
  const RawAnswer b = raw_.Do("POST", maps_, body);
  ASSERT_EQ(a.status, 201) << a.text;
  ASSERT_EQ(b.status, 201);
  EXPECT_EQ(a.body["metadata"]["name"].get<std::string>().rfind("gen-", 0), 0u);
  EXPECT_NE(a.body["metadata"]["name"], b.body["metadata"]["name"]);
  const RawAnswer none =
      raw_.Do("POST", maps_, R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{}})");
  EXPECT_EQ(none.status, 422);
  EXPECT_NE(none.text.find("name or generateName is required"), std::string::npos);
}

TEST_F(Write, BodyAndPathMustAgree) {
  struct Case {
    std::string method, path, body;
  };
  for (const Case& c : {
           Case{"POST", maps_, R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}})"},
           Case{"POST", maps_, R"({"apiVersion":"v2","kind":"ConfigMap","metadata":{"name":"a"}})"},
           Case{"POST", maps_, R"({"apiVersion":"v1","kind":"ConfigMap",
                                   "metadata":{"name":"a","namespace":"other"}})"},
           Case{"POST", maps_, R"({"apiVersion":"v1","kind":"ConfigMap",
                                   "metadata":{"name":"a","labels":{"x":1}}})"},
           Case{"POST", maps_, R"({"apiVersion":"v1","kind":"ConfigMap",
                                   "metadata":{"name":"a","resourceVersion":"5"}})"},
           Case{"POST", maps_, "[]"},
       }) {
    const RawAnswer answer = raw_.Do(c.method, c.path, c.body);
    EXPECT_EQ(answer.status, 400) << c.body << answer.text;
  }
}

TEST_F(Write, CreationTimestampMayComeBackInAnotherForm) {
  const RawAnswer made = raw_.Do("POST", maps_, R"({"metadata":{"name":"a"}})");
  ASSERT_EQ(made.status, 201) << made.text;
  const std::string created = made.body["metadata"]["creationTimestamp"].get<std::string>();
  const std::string seconds = created.substr(0, created.size() - 1);
  for (const char* form : {".000Z", ".000000+00:00", "Z"}) {
    Json object = made.body;
    object["metadata"].erase("resourceVersion");
    object["metadata"]["creationTimestamp"] = seconds + form;
    const RawAnswer replaced = raw_.Do("PUT", maps_ + "/a", object.dump());
    EXPECT_EQ(replaced.status, 200) << form << ": " << replaced.text;
    EXPECT_EQ(replaced.body["metadata"]["creationTimestamp"], created) << form;
    // Nothing was changed by it.
    EXPECT_EQ(replaced.body["metadata"]["resourceVersion"],
              made.body["metadata"]["resourceVersion"])
        << form;
  }
  const RawAnswer other =
      raw_.Do("PATCH", maps_ + "/a", R"({"metadata":{"creationTimestamp":"2001-02-03T04:05:06Z"}})",
              kMerge);
  EXPECT_EQ(other.status, 422) << other.text;
  EXPECT_EQ(other.body["details"]["causes"][0]["field"], "metadata.creationTimestamp");
}

TEST_F(Write, TimesThatAreNoneAreRefusedByTheirPath) {
  ASSERT_EQ(raw_.Do("POST", maps_, R"({"metadata":{"name":"a"}})").status, 201);
  const std::string must = ": must be an RFC 3339 time between the years 1678 and 2261";
  const auto expect = [&](const Json& metadata, const std::string& message) {
    Json object = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", metadata}};
    const RawAnswer patched =
        raw_.Do("PATCH", maps_ + "/a", Json{{"metadata", metadata}}.dump(), kMerge);
    object["metadata"]["name"] = "b";
    const RawAnswer made = raw_.Do("POST", maps_, object.dump());
    object["metadata"]["name"] = "a";
    const RawAnswer put = raw_.Do("PUT", maps_ + "/a", object.dump());
    for (const RawAnswer* answer : {&made, &put}) {
      EXPECT_EQ(answer->status, 400) << answer->text;
      EXPECT_EQ(answer->body["message"], message);
    }
    // What a patch makes is not what was sent, so it is shown whole.
    EXPECT_EQ(patched.status, 422) << patched.text;
    const Json& cause = patched.body["details"]["causes"][0];
    EXPECT_EQ(cause["field"], "patch");
    EXPECT_TRUE(cause["message"].get<std::string>().ends_with(message)) << patched.text;
  };
  for (const char* time : {"", "now", "2026-02-31T00:00:00Z", "0001-01-01T00:00:00Z",
                           "2300-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}) {
    expect({{"creationTimestamp", time}}, "metadata.creationTimestamp" + must);
    expect({{"deletionTimestamp", time}}, "metadata.deletionTimestamp" + must);
    expect({{"managedFields", {{{"manager", "x"}}, {{"time", time}}}}},
           "metadata.managedFields[1].time" + must);
  }
  expect({{"managedFields", {{{"time", 1}}}}}, "metadata.managedFields[0].time" + must);
  expect({{"managedFields", {{{"manager", 1}}}}},
         "metadata.managedFields[0].manager: must be a string");
  expect({{"managedFields", {{{"fieldsV1", 1}}}}},
         "metadata.managedFields[0].fieldsV1: must be an object");
}

TEST_F(Write, DeepJsonIsRefused) {
  const std::string deep(10000, '[');
  EXPECT_EQ(raw_.Do("POST", maps_, R"({"data":)" + deep).status, 400);
}

TEST_F(Write, LargeObjectIs413) {
  const std::string big(1600 * 1024, 'x');
  const RawAnswer answer =
      raw_.Do("POST", maps_,
              R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"big"},"data":{"k":")" +
                  big + "\"}}");
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body["reason"], "RequestEntityTooLarge");
}

TEST_F(Write, JsonPatch) {
  ASSERT_EQ(raw_.Do("POST", maps_, ConfigMapBody("a")).status, 201);
  const std::string path = maps_ + "/a";
  const RawAnswer patched = raw_.Do("PATCH", path, R"([{"op":"test","path":"/data/k","value":"v"},
                         {"op":"replace","path":"/data/k","value":"w"}])",
                                    kJsonPatch);
  ASSERT_EQ(patched.status, 200) << patched.text;
  EXPECT_EQ(patched.body["data"]["k"], "w");
  EXPECT_EQ(raw_.Do("PATCH", path, R"([{"op":"remove","path":"/none"}])", kJsonPatch).status, 422);
  EXPECT_EQ(raw_.Do("PATCH", path, R"({"op":"remove"})", kJsonPatch).status, 400);
  Json many = Json::array();
  for (int i = 0; i < 10001; ++i)
    many.push_back({{"op", "test"}, {"path", "/kind"}, {"value", ""}});
  EXPECT_EQ(raw_.Do("PATCH", path, many.dump(), kJsonPatch).status, 413);
  EXPECT_EQ(
      raw_.Do("PATCH", path, R"([{"op":"replace","path":"/metadata/uid","value":"x"}])", kJsonPatch)
          .status,
      409);
}

TEST_F(Write, ConcurrentPatchesWithoutARevisionAllCount) {
  ASSERT_EQ(raw_.Do("POST", maps_, ConfigMapBody("c")).status, 201);
  constexpr int kWriters = 4, kWrites = 15;
  std::atomic<int> refused{0};
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kWrites; ++i) {
        const std::string key = "k" + std::to_string(w) + "-" + std::to_string(i);
        const RawAnswer answer =
            raw_.Do("PATCH", maps_ + "/c", R"({"data":{")" + key + R"(":"x"}})", kMerge);
        if (answer.status != 200) ++refused;
      }
    });
  }
  for (std::thread& t : writers) t.join();
  EXPECT_EQ(refused, 0);
  const RawAnswer after = raw_.Get(maps_ + "/c");
  for (int w = 0; w < kWriters; ++w) {
    for (int i = 0; i < kWrites; ++i)
      EXPECT_TRUE(after.body["data"].contains("k" + std::to_string(w) + "-" + std::to_string(i)));
  }
}

TEST_F(Write, OfConcurrentWritersThatNameOneRevisionOneWins) {
  for (int round = 0; round < 10; ++round) {
    const std::string name = "c" + std::to_string(round);
    const RawAnswer made = raw_.Do("POST", maps_, ConfigMapBody(name));
    ASSERT_EQ(made.status, 201);
    const std::string version = made.body["metadata"]["resourceVersion"];
    std::atomic<int> won{0}, lost{0};
    std::vector<std::thread> writers;
    for (int w = 0; w < 4; ++w) {
      writers.emplace_back([&, w] {
        const std::string patch = R"({"metadata":{"resourceVersion":")" + version +
                                  R"("},"data":{"w":")" + std::to_string(w) + "\"}}";
        const int status = raw_.Do("PATCH", maps_ + "/" + name, patch, kMerge).status;
        if (status == 200) ++won;
        if (status == 409) ++lost;
      });
    }
    for (std::thread& t : writers) t.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, 3);
  }
}

TEST_F(Write, StrategicMergePatchOfKubernetesKinds) {
  const HeaderList strategic = {{"Content-Type", "application/strategic-merge-patch+json"}};
  ASSERT_EQ(raw_.Do("POST", maps_,
                    R"({"apiVersion":"v1","kind":"ConfigMap","data":{"a":"1","b":"2"},
                        "metadata":{"name":"m","finalizers":["example.com/one"]}})")
                .status,
            201);
  const RawAnswer merged = raw_.Do("PATCH", maps_ + "/m",
                                   R"({"$setElementOrder/x":[],"data":{"a":null,"c":"3"},
                  "metadata":{"finalizers":["example.com/two"],"labels":{"x":"y"}}})",
                                   strategic);
  ASSERT_EQ(merged.status, 200) << merged.text;
  EXPECT_EQ(merged.body["data"], Json::parse(R"({"b":"2","c":"3"})"));
  EXPECT_EQ(merged.body["metadata"]["finalizers"],
            Json::array({"example.com/one", "example.com/two"}));
  const RawAnswer removed = raw_.Do("PATCH", maps_ + "/m",
                                    R"({"data":{"$patch":"replace","z":"9"},
                  "metadata":{"$deleteFromPrimitiveList/finalizers":["example.com/one"]}})",
                                    strategic);
  ASSERT_EQ(removed.status, 200) << removed.text;
  EXPECT_EQ(removed.body["data"], Json::parse(R"({"z":"9"})"));
  EXPECT_EQ(removed.body["metadata"]["finalizers"], Json::array({"example.com/two"}));
}

TEST_F(Write, FinalizersHoldAnObject) {
  InstallWidgets(raw_);
  const std::string path = widgets_ + "/w";
  ASSERT_EQ(
      raw_.Do("POST", widgets_, Widget("w", "{}", R"(,"finalizers":["example.com/f"])")).status,
      201);
  const RawAnswer deleted = raw_.Do("DELETE", path, R"({"propagationPolicy":"Foreground"})");
  ASSERT_EQ(deleted.status, 200);
  EXPECT_EQ(deleted.body["kind"], "Widget");
  EXPECT_TRUE(deleted.body["metadata"].contains("deletionTimestamp"));
  EXPECT_EQ(deleted.body["metadata"]["finalizers"],
            Json::array({"example.com/f", "foregroundDeletion"}));
  EXPECT_EQ(deleted.body["metadata"]["generation"], 2);
  EXPECT_EQ(
      raw_.Do("PATCH", path, R"({"metadata":{"finalizers":["example.com/f","a.b/new"]}})", kMerge)
          .status,
      422);
  EXPECT_EQ(raw_.Do("PATCH", path, R"({"metadata":{"finalizers":null}})", kMerge).status, 200);
  EXPECT_EQ(raw_.Get(path).status, 404);
}

TEST_F(Write, DeleteCollectionTakesSelectors) {
  ASSERT_EQ(raw_.Do("POST", maps_, ConfigMapBody("a", R"({"x":"1"})")).status, 201);
  ASSERT_EQ(raw_.Do("POST", maps_, ConfigMapBody("b")).status, 201);
  const RawAnswer deleted = raw_.Do("DELETE", maps_ + "?labelSelector=x%3D1");
  EXPECT_EQ(deleted.status, 200);
  EXPECT_EQ(deleted.body["items"].size(), 1u);
  EXPECT_EQ(raw_.Get(maps_).body["items"].size(), 1u);
}

TEST_F(Write, NamespacesGateTheirContent) {
  const std::string inside = "/api/v1/namespaces/team/configmaps";
  const RawAnswer missing = raw_.Do("POST", inside, ConfigMapBody("a"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body["message"], "namespaces \"team\" not found");

  const RawAnswer made = raw_.Do("POST", "/api/v1/namespaces", R"({"metadata":{"name":"team"}})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["status"]["phase"], "Active");
  EXPECT_EQ(made.body["spec"]["finalizers"], Json::array({"kubernetes"}));
  ASSERT_EQ(raw_.Do("POST", inside, ConfigMapBody("a")).status, 201);

  const RawAnswer deleted = raw_.Do("DELETE", "/api/v1/namespaces/team");
  EXPECT_EQ(deleted.status, 200);
  EXPECT_EQ(deleted.body["status"]["phase"], "Terminating");
  const RawAnswer refused = raw_.Do("POST", inside, ConfigMapBody("b"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.text.find("because it is being terminated"), std::string::npos);
  EXPECT_EQ(refused.body["details"]["causes"][0]["reason"], "NamespaceTerminating");

  const RawAnswer finalized =
      raw_.Do("PUT", "/api/v1/namespaces/team/finalize",
              R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"team"},
                  "spec":{"finalizers":[]}})");
  EXPECT_EQ(finalized.status, 200) << finalized.text;
  EXPECT_EQ(raw_.Get("/api/v1/namespaces/team").status, 404);
  EXPECT_EQ(raw_.Do("DELETE", "/api/v1/namespaces/default").status, 403);
}

TEST_F(Write, SecretsFoldStringDataAndFreeze) {
  const std::string path = "/api/v1/namespaces/default/secrets";
  const RawAnswer made = raw_.Do("POST", path,
                                 R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},
                                     "stringData":{"a":"hello"},"immutable":true})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["data"]["a"], "aGVsbG8=");
  EXPECT_FALSE(made.body.contains("stringData"));
  EXPECT_EQ(made.body["type"], "Opaque");
  const RawAnswer changed =
      raw_.Do("PATCH", path + "/s", R"({"stringData":{"a":"other"}})", kMerge);
  EXPECT_EQ(changed.status, 422);
  EXPECT_EQ(raw_.Do("PATCH", path + "/s", R"({"metadata":{"labels":{"x":"y"}}})", kMerge).status,
            200);
}

TEST_F(Write, ScaleRespectsPreconditions) {
  InstallWidgets(raw_);
  const std::string path = widgets_ + "/w";
  ASSERT_EQ(raw_.Do("POST", widgets_, Widget("w", R"({"replicas":1})")).status, 201);
  RawAnswer scale = raw_.Get(path + "/scale");
  EXPECT_EQ(scale.body["kind"], "Scale");
  EXPECT_EQ(scale.body["spec"]["replicas"], 1);
  Json wanted = scale.body;
  wanted["spec"]["replicas"] = 4;
  EXPECT_EQ(raw_.Do("PUT", path + "/scale", wanted.dump()).body["spec"]["replicas"], 4);
  EXPECT_EQ(raw_.Do("PUT", path + "/scale", wanted.dump()).status, 409);
  EXPECT_EQ(raw_.Do("PATCH", path + "/scale", R"({"spec":{"replicas":-1}})", kMerge).status, 422);
}

TEST_F(Write, DeletingADefinitionDeletesItsObjects) {
  InstallWidgets(raw_);
  ASSERT_EQ(
      raw_.Do("POST", widgets_, Widget("w", "{}", R"(,"finalizers":["example.com/f"])")).status,
      201);
  ASSERT_EQ(raw_.Do("POST", widgets_, Widget("x")).status, 201);
  const RawAnswer deleted = raw_.Do("DELETE", std::string(kCrdsPath) + "/widgets.example.com");
  EXPECT_EQ(deleted.status, 200);
  EXPECT_TRUE(deleted.body["metadata"].contains("deletionTimestamp"));
  EXPECT_EQ(raw_.Do("POST", widgets_, Widget("z")).status, 405);
  WaitFor(widgets_ + "/x", [](const RawAnswer& a) { return a.status == 404; });
  WaitFor(widgets_ + "/w",
          [](const RawAnswer& a) { return a.body["metadata"].contains("deletionTimestamp"); });
  EXPECT_EQ(raw_.Get(std::string(kCrdsPath) + "/widgets.example.com").status, 200);
  EXPECT_EQ(raw_.Do("PATCH", widgets_ + "/w", R"({"metadata":{"finalizers":null}})", kMerge).status,
            200);
  const RawAnswer gone = WaitFor(std::string(kCrdsPath) + "/widgets.example.com",
                                 [](const RawAnswer& a) { return a.status == 404; });
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(raw_.Get(widgets_).status, 404);
}

TEST_F(Write, ConflictingNamesAreNotAccepted) {
  InstallWidgets(raw_);
  Json other = Json::parse(kWidgetCrd);
  other["metadata"]["name"] = "gadgets.example.com";
  other["spec"]["names"] = {{"plural", "gadgets"}, {"kind", "Widget"}};
  const RawAnswer made = raw_.Do("POST", kCrdsPath, other.dump());
  ASSERT_EQ(made.status, 201) << made.text;
  bool accepted = true;
  for (const Json& c : made.body["status"]["conditions"]) {
    if (c["type"] == "NamesAccepted") accepted = c["status"] == "True";
  }
  EXPECT_FALSE(accepted);
  EXPECT_EQ(raw_.Get("/apis/example.com/v1/gadgets").status, 404);
}

TEST_F(Write, ANewSchemaRewritesWhatIsServedAndEndsWatches) {
  InstallWidgets(raw_);
  ASSERT_EQ(raw_.Do("POST", widgets_, Widget("w")).status, 201);
  const client::Resource kind{"example.com", "v1", "widgets", "Widget", true};
  client::ListOptions now;
  now.resource_version = raw_.Get(widgets_).body["metadata"]["resourceVersion"];
  const auto watch = env_.Client("test").Watch({}, kind, "default", now);
  ASSERT_TRUE(watch.ok());
  const std::string crd = std::string(kCrdsPath) + "/widgets.example.com";
  const RawAnswer changed = raw_.Do(
      "PATCH", crd,
      R"([{"op":"add","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size",
                   "value":{"type":"string","default":"large"}}])",
      kJsonPatch);
  ASSERT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(raw_.Get(widgets_ + "/w").body["spec"]["size"], "large");
  EXPECT_EQ((*watch)->Next().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace gantry::testing
