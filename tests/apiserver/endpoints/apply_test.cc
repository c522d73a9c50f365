#include <gtest/gtest.h>

#include <set>

#include "tests/apiserver/endpoints/raw_client.h"

// Server-side apply as clients see it. Who merges what and who owns what then, is in
// tests/apis/machinery/managedfields.
namespace gantry::testing {
namespace {

const HeaderList kApplyType = {{"Content-Type", "application/apply-patch+yaml"}};
const HeaderList kMergeType = {{"Content-Type", "application/merge-patch+json"}};
const HeaderList kJsonPatchType = {{"Content-Type", "application/json-patch+json"}};

class Apply : public ::testing::Test {
 protected:
  EnvTest env_;
  RawClient raw_{&env_};
  const std::string map_ = std::string(kConfigMapsPath) + "/a";
  const std::string widget_ = std::string(kWidgetsPath) + "/w";

  RawAnswer Send(const std::string& path, const std::string& manager, const std::string& body,
                 const std::string& more = "") {
    return raw_.Do("PATCH", path + "?fieldManager=" + manager + more, body, kApplyType);
  }
  // Applies the ConfigMap `a` with this data, in YAML.
  RawAnswer Data(const std::string& manager, const std::string& data,
                 const std::string& more = "") {
    return Send(map_, manager,
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata: " + data + "\n",
                more);
  }
  RawAnswer Widget(const std::string& manager, const std::string& rest,
                   const std::string& more = "", const std::string& subresource = "") {
    return Send(
        widget_ + subresource, manager,
        R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},)" + rest + "}",
        more);
  }
  void ExpectStatus(const RawAnswer& answer, int code, const std::string& reason,
                    const std::string& message) {
    EXPECT_EQ(answer.status, code) << answer.text;
    EXPECT_EQ(answer.body.value("kind", ""), "Status") << answer.text;
    EXPECT_EQ(answer.body.value("reason", ""), reason) << answer.text;
    EXPECT_EQ(answer.body.value("message", ""), message);
  }
  // The entry of a manager; null: none.
  Json Entry(const Json& object, const std::string& manager) {
    const auto fields = object["metadata"].find("managedFields");
    if (fields == object["metadata"].end()) return Json();
    for (const Json& e : *fields) {
      if (e["manager"] == manager) return e;
    }
    return Json();
  }
  std::string Fields(const RawAnswer& answer, const std::string& manager) {
    const Json entry = Entry(answer.body, manager);
    return entry.is_null() ? "" : DumpJson(entry["fieldsV1"]);
  }
};

TEST_F(Apply, SilentKillerNoServerSideApplyOrNoManagedFields) {
  const RawAnswer made = Data("m", "{k: v}");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["data"]["k"], "v");
  EXPECT_FALSE(made.body["metadata"]["uid"].get<std::string>().empty());
  const Json entry = Entry(made.body, "m");
  EXPECT_EQ(entry["operation"], "Apply");
  EXPECT_EQ(entry["apiVersion"], "v1");
  EXPECT_EQ(entry["fieldsType"], "FieldsV1");
  EXPECT_EQ(DumpJson(entry["fieldsV1"]), R"({"f:data":{"f:k":{}}})");
  EXPECT_EQ(raw_.Get(map_).body, made.body);
  const RawAnswer changed = Data("m", "{k: w, l: x}");
  EXPECT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(changed.body["data"], Json({{"k", "w"}, {"l", "x"}}));
  EXPECT_EQ(changed.body["metadata"]["uid"], made.body["metadata"]["uid"]);
}

TEST_F(Apply, SilentKillerConflictWithoutCauses) {
  ASSERT_EQ(raw_.Do("POST", std::string(kConfigMapsPath) + "?fieldManager=kubectl",
                    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},
                        "data":{"x":"1","y":"1"}})")
                .status,
            201);
  const RawAnswer one = Data("m", "{x: '2'}");
  ExpectStatus(one, 409, "Conflict",
               R"(Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.x)");
  EXPECT_EQ(one.body["details"],
            Json::parse(R"({"causes":[{"reason":"FieldManagerConflict","field":".data.x",
                            "message":"conflict with \"kubectl\" using v1"}]})"));
  const RawAnswer two = Data("m", "{x: '2', y: '2'}");
  EXPECT_EQ(two.body["message"],
            "Apply failed with 2 conflicts: conflicts with \"kubectl\" using v1:\n- .data.x\n"
            "- .data.y");
  EXPECT_EQ(two.body["details"]["causes"].size(), 2u);
  EXPECT_EQ(raw_.Get(map_).body["data"]["x"], "1");

  const RawAnswer forced = Data("m", "{x: '2'}", "&force=true");
  EXPECT_EQ(forced.status, 200) << forced.text;
  EXPECT_EQ(Fields(forced, "kubectl"), R"({"f:data":{".":{},"f:y":{}}})");
  EXPECT_EQ(Fields(forced, "m"), R"({"f:data":{"f:x":{}}})");
}

TEST_F(Apply, SilentKillerDryRunThatWrites) {
  const RawAnswer made = Data("m", "{k: v}", "&dryRun=All");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["data"]["k"], "v");
  EXPECT_EQ(raw_.Get(map_).status, 404);
  const RawAnswer stored = Data("m", "{k: v}");
  const RawAnswer changed = Data("m", "{k: w}", "&dryRun=All");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.body["data"]["k"], "w");
  EXPECT_EQ(raw_.Get(map_).body, stored.body);
  ASSERT_EQ(Data("n", "{k: w}", "&dryRun=All").status, 409);
}

TEST_F(Apply, SilentKillerNoOpThatWrites) {
  InstallWidgets(raw_);
  const RawAnswer made = Widget("m", R"("spec":{"replicas":2})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["spec"]["color"], "red");
  // What was filled in by default is owned by nobody.
  EXPECT_EQ(Fields(made, "m"), R"({"f:spec":{"f:replicas":{}}})");
  EXPECT_EQ(made.body["metadata"]["managedFields"].size(), 1u);
  EXPECT_EQ(made.body["metadata"]["generation"], 1);
  EXPECT_EQ(Widget("m", R"("spec":{"replicas":2})").body, made.body);
  EXPECT_EQ(Widget("m", R"("spec":{"replicas":2})", "&force=true").body, made.body);
  const RawAnswer changed = Widget("m", R"("spec":{"replicas":3,"color":"blue"})");
  EXPECT_EQ(changed.body["metadata"]["generation"], 2) << changed.text;
  // Dropping a field with a default brings the default back.
  const RawAnswer dropped = Widget("m", R"("spec":{"replicas":3})");
  EXPECT_EQ(dropped.body["spec"], Json({{"color", "red"}, {"replicas", 3}})) << dropped.text;
  // A null where none can be is as if it were not there.
  EXPECT_EQ(Widget("m", R"("spec":{"replicas":3,"color":null,"ports":null})").body["spec"],
            dropped.body["spec"]);
  // A Secret's write-only fields are stated, and never there.
  const std::string secret =
      R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"k":"v"}})";
  const std::string path = "/api/v1/namespaces/default/secrets/s";
  const RawAnswer first = Send(path, "m", secret);
  ASSERT_EQ(first.status, 201) << first.text;
  EXPECT_EQ(first.body["data"]["k"], "dg==");
  EXPECT_EQ(Send(path, "m", secret).body, first.body);
}

TEST_F(Apply, BadRequests) {
  InstallWidgets(raw_);
  struct Case {
    const char* what;
    const char* query;
    const char* body;
    int code;
    const char* reason;
    const char* message;
  };
  const Case cases[] = {
      {"no manager", "", "{}", 422, "Invalid",
       "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for "
       "apply patch"},
      {"not YAML", "?fieldManager=m", "a: [", 400, "BadRequest", nullptr},
      {"no object", "?fieldManager=m", "- a", 400, "BadRequest",
       "error decoding YAML: the body must be an object"},
      {"another version", "?fieldManager=m", "{apiVersion: example.com/v2, kind: Widget}", 400,
       "BadRequest",
       "Incorrect version specified in apply patch. Specified patch version: example.com/v2, "
       "expected: example.com/v1"},
      {"another kind", "?fieldManager=m", "{apiVersion: example.com/v1, kind: Gadget}", 400,
       "BadRequest", "the kind in the data (Gadget) does not match the expected kind (Widget)"},
      {"no kind", "?fieldManager=m", "{apiVersion: example.com/v1}", 400, "BadRequest",
       "Object 'Kind' is missing"},
      {"another name", "?fieldManager=m",
       "{apiVersion: example.com/v1, kind: Widget, metadata: {name: x}}", 400, "BadRequest",
       "the name of the object (x) does not match the name on the URL (w)"},
      {"another namespace", "?fieldManager=m",
       "{apiVersion: example.com/v1, kind: Widget, metadata: {name: w, namespace: x}}", 400,
       "BadRequest",
       "the namespace of the provided object does not match the namespace sent on the request"},
      {"managedFields", "?fieldManager=m",
       "{apiVersion: example.com/v1, kind: Widget, metadata: {name: w, managedFields: []}}", 400,
       "BadRequest", "metadata.managedFields must be nil"},
      {"an unknown field", "?fieldManager=m",
       "{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}, spec: {colour: x}}", 400,
       "BadRequest",
       "failed to create typed patch object (/w; example.com/v1, Kind=Widget): .spec.colour: field "
       "not declared in schema"},
      {"a bad value", "?fieldManager=m",
       "{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}, spec: {replicas: 11}}", 422,
       "Invalid", nullptr},
      {"a bad force", "?fieldManager=m&force=maybe", "{}", 400, "BadRequest", nullptr},
      {"a bad manager", "?fieldManager=a%0Ab", "{}", 422, "Invalid", nullptr},
      {"a repeated field", "?fieldManager=m&fieldValidation=Strict",
       "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {color: a, color: b}",
       400, "BadRequest", nullptr},
      {"an object that is not there, by uid", "?fieldManager=m",
       "{apiVersion: example.com/v1, kind: Widget, metadata: {name: w, uid: u}}", 409, "Conflict",
       "Operation cannot be fulfilled on widgets.example.com \"w\": uid mismatch: the provided "
       "object specified uid u, and no existing object was found"},
  };
  for (const Case& c : cases) {
    const RawAnswer answer = raw_.Do("PATCH", widget_ + c.query, c.body, kApplyType);
    EXPECT_EQ(answer.status, c.code) << c.what << ": " << answer.text;
    EXPECT_EQ(answer.body.value("reason", ""), c.reason) << c.what;
    if (c.message) {
      EXPECT_EQ(answer.body.value("message", ""), c.message) << c.what;
    }
    EXPECT_EQ(raw_.Get(widget_).status, 404) << c.what;
  }
  const RawAnswer warned = raw_.Do(
      "PATCH", widget_ + "?fieldManager=m",
      "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {color: a, color: b}",
      kApplyType);
  EXPECT_EQ(warned.status, 201) << warned.text;
  EXPECT_EQ(warned.header("Warning"), R"(299 - "duplicate field \"spec.color\"")");
  ExpectStatus(raw_.Do("PATCH", widget_ + "?force=true", "{}", kMergeType), 422, "Invalid",
               "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified "
               "for non-apply patch");
}

TEST_F(Apply, Preconditions) {
  const std::string head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, ";
  // A resourceVersion is no obstacle to creating.
  const RawAnswer made = Send(map_, "m", head + "resourceVersion: '7'}\ndata: {k: v}\n");
  ASSERT_EQ(made.status, 201) << made.text;
  const std::string revision = made.body["metadata"]["resourceVersion"];
  ExpectStatus(Send(map_, "m", head + "resourceVersion: '7'}\ndata: {k: w}\n"), 409, "Conflict",
               "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; "
               "please apply your changes to the latest version and try again");
  EXPECT_EQ(Send(map_, "m", head + "uid: other}\ndata: {k: w}\n").status, 409);
  EXPECT_EQ(Send(map_, "m", head + "resourceVersion: '" + revision + "'}\ndata: {k: w}\n").status,
            200);
}

TEST_F(Apply, Subresources) {
  InstallWidgets(raw_);
  ExpectStatus(Widget("c", R"("status":{"replicas":1})", "", "/status"), 404, "NotFound",
               "widgets.example.com \"w\" not found");
  const RawAnswer made = Widget("m", R"("spec":{"replicas":2},"status":{"replicas":9})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_FALSE(made.body.contains("status"));
  EXPECT_EQ(Fields(made, "m"), R"({"f:spec":{"f:replicas":{}}})");

  const RawAnswer status =
      Widget("c", R"("spec":{"replicas":7},"status":{"replicas":1})", "", "/status");
  ASSERT_EQ(status.status, 200) << status.text;
  EXPECT_EQ(status.body["spec"]["replicas"], 2);
  EXPECT_EQ(status.body["status"]["replicas"], 1);
  EXPECT_EQ(status.body["metadata"]["generation"], 1);
  EXPECT_EQ(Entry(status.body, "c")["subresource"], "status");
  EXPECT_EQ(Fields(status, "c"), R"({"f:status":{"f:replicas":{}}})");
  ExpectStatus(Widget("d", R"("status":{"replicas":2})", "", "/status"), 409, "Conflict",
               "Apply failed with 1 conflict: conflict with \"c\" with subresource \"status\": "
               ".status.replicas");

  const std::string scale =
      R"({"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"w"},
          "spec":{"replicas":5}})";
  ExpectStatus(Send(widget_ + "/scale", "s", scale), 409, "Conflict",
               R"(Apply failed with 1 conflict: conflict with "m": .spec.replicas)");
  const RawAnswer scaled = Send(widget_ + "/scale", "s", scale, "&force=true");
  ASSERT_EQ(scaled.status, 200) << scaled.text;
  EXPECT_EQ(scaled.body["kind"], "Scale");
  EXPECT_EQ(scaled.body["spec"]["replicas"], 5);
  const RawAnswer after = raw_.Get(widget_);
  EXPECT_EQ(Entry(after.body, "s")["subresource"], "scale");
  EXPECT_EQ(Entry(after.body, "s")["apiVersion"], "example.com/v1");
  EXPECT_EQ(Fields(after, "s"), R"({"f:spec":{"f:replicas":{}}})");
  EXPECT_EQ(Fields(after, "m"), "");
  ExpectStatus(Widget("m", R"("spec":{"replicas":2})"), 409, "Conflict",
               "Apply failed with 1 conflict: conflict with \"s\" with subresource \"scale\": "
               ".spec.replicas");
  // Who leaves the field out, leaves it to the scaler.
  EXPECT_EQ(Widget("m", R"("spec":{"color":"blue"})").body["spec"]["replicas"], 5);
}

TEST_F(Apply, SilentKillerMigrationFromClientSideApply) {
  const std::string merge_made =
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","annotations":{
          "kubectl.kubernetes.io/last-applied-configuration":
          "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"data\":{\"k\":\"v\",\"l\":\"v\"}}"}},
          "data":{"k":"v","l":"v"}})";
  ASSERT_EQ(
      raw_.Do("POST", std::string(kConfigMapsPath) + "?fieldManager=kubectl-client-side-apply",
              merge_made)
          .status,
      201);
  // kubectl changes what it applied itself, without force.
  const RawAnswer applied = Data("kubectl", "{k: w}");
  ASSERT_EQ(applied.status, 200) << applied.text;
  EXPECT_EQ(applied.body["data"]["k"], "w");
  // Then it hands the old entry over, guarded by the resourceVersion.
  Json mine = Entry(applied.body, "kubectl");
  mine["fieldsV1"]["f:data"]["f:l"] = Json::object();
  const auto hand_over = [&](const std::string& revision) {
    const Json patch = {
        {{"op", "replace"}, {"path", "/metadata/managedFields"}, {"value", {mine}}},
        {{"op", "replace"}, {"path", "/metadata/resourceVersion"}, {"value", revision}}};
    return raw_.Do("PATCH", map_ + "?fieldManager=kubectl", patch.dump(), kJsonPatchType);
  };
  EXPECT_EQ(hand_over("1").status, 409);
  const RawAnswer handed = hand_over(applied.body["metadata"]["resourceVersion"]);
  ASSERT_EQ(handed.status, 200) << handed.text;
  ASSERT_EQ(handed.body["metadata"]["managedFields"].size(), 1u) << handed.text;
  EXPECT_EQ(Fields(handed, "kubectl"), R"({"f:data":{"f:k":{},"f:l":{}}})");
  // So that what is left out from now on, goes.
  EXPECT_EQ(Data("kubectl", "{k: w}").body["data"], Json({{"k", "w"}}));
}

TEST_F(Apply, ManagedFieldsAreResetByOneEmptyEntryAlone) {
  ASSERT_EQ(Data("m", "{k: v}").status, 201);
  const auto set = [&](const std::string& value, const std::string& manager) {
    return raw_.Do("PATCH", map_ + "?fieldManager=" + manager,
                   R"({"metadata":{"managedFields":)" + value + "}}", kMergeType);
  };
  EXPECT_FALSE(Entry(set("[]", "x").body, "m").is_null());
  EXPECT_FALSE(Entry(set("null", "x").body, "m").is_null());
  EXPECT_FALSE(Entry(set(R"([{"manager":"z"}])", "x").body, "m").is_null());
  EXPECT_FALSE(set("[{}]", "x").body["metadata"].contains("managedFields"));
  // Updates are not tracked from then on, until the next apply.
  const RawAnswer updated =
      raw_.Do("PATCH", map_ + "?fieldManager=x", R"({"data":{"l":"v"}})", kMergeType);
  EXPECT_FALSE(updated.body["metadata"].contains("managedFields")) << updated.text;
  ExpectStatus(Data("m", "{k: w}"), 409, "Conflict",
               "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: "
               ".data.k");
  const RawAnswer applied = Data("m", "{k: v}");
  EXPECT_EQ(Fields(applied, "before-first-apply"), R"({"f:data":{".":{},"f:k":{},"f:l":{}}})");
  EXPECT_EQ(Entry(applied.body, "before-first-apply")["operation"], "Update");
}

TEST_F(Apply, ListsOfOurOwnKindsMergeByKey) {
  const std::string path = "/apis/gantry.dev/v1/namespaces/default/services/web";
  const auto apply = [&](const std::string& manager, const std::string& rest) {
    return Send(path, manager,
                "apiVersion: gantry.dev/v1\nkind: Service\nmetadata: {name: web}\nspec:\n" + rest);
  };
  const RawAnswer made = apply("m",
                               "  template:\n    image: web:1\n    env:\n"
                               "    - {name: A, value: '1'}\n    - {name: B, value: '1'}\n"
                               "    mounts:\n    - {type: tmpfs, target: /tmp}\n");
  ASSERT_EQ(made.status, 201) << made.text;
  const RawAnswer more = apply("n",
                               "  template:\n    env:\n    - {name: C, value: '1'}\n"
                               "    mounts:\n    - {type: tmpfs, target: /run}\n");
  ASSERT_EQ(more.status, 200) << more.text;
  EXPECT_EQ(more.body["spec"]["template"]["mounts"].size(), 2u);
  const RawAnswer less =
      apply("m", "  template:\n    image: web:1\n    env:\n    - {name: B, value: '1'}\n");
  std::set<std::string> names;
  for (const Json& e : less.body["spec"]["template"]["env"]) names.insert(e["name"]);
  EXPECT_EQ(names, (std::set<std::string>{"B", "C"})) << less.text;
  EXPECT_EQ(less.body["spec"]["template"]["mounts"].size(), 1u);
  ExpectStatus(apply("o", "  template: {env: [{name: C, value: '2'}]}\n"), 409, "Conflict",
               "Apply failed with 1 conflict: conflict with \"n\": "
               ".spec.template.env[name=\"C\"].value");
}

TEST_F(Apply, SilentKillerOpenApiWithoutApply) {
  const RawAnswer spec = raw_.Get("/openapi/v3/api/v1");
  const Json& patch =
      spec.body["paths"]["/api/v1/namespaces/{namespace}/configmaps/{name}"]["patch"];
  EXPECT_TRUE(patch["requestBody"]["content"].contains("application/apply-patch+yaml"));
  std::set<std::string> parameters;
  for (const Json& p : patch["parameters"]) parameters.insert(p.value("name", ""));
  for (const char* name : {"dryRun", "fieldManager", "fieldValidation", "force"}) {
    EXPECT_EQ(parameters.count(name), 1u) << name;
  }
}

}  // namespace
}  // namespace gantry::testing
