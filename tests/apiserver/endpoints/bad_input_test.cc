#include <gtest/gtest.h>

#include "tests/apiserver/endpoints/config_map_fixture.h"

// What each kind of bad input is answered: code, reason, causes and the fields that they blame.
namespace gantry::testing {
namespace {

struct BadCase {
  const char* what;
  const char* method;
  std::string target;
  std::string body;
  const char* content_type;
  int code;
  const char* reason;
  // `field reason` of each cause, in order.
  std::vector<std::string> causes = {};
  const char* message = "";  // a part of it
};

constexpr char kAsJson[] = "application/json";
constexpr char kAsMergePatch[] = "application/merge-patch+json";

class BadInput : public ConfigMapFixture {
 protected:
  BadInput() {
    EXPECT_EQ(raw_.Do("POST", kDefinitions, R"({
      "apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
      "metadata":{"name":"things.example.com"},
      "spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"things","kind":"Thing"},
       "versions":[{"name":"v1","served":true,"storage":true,
        "subresources":{"status":{},"scale":{"specReplicasPath":".spec.replicas",
                                             "statusReplicasPath":".status.replicas"}},
        "schema":{"openAPIV3Schema":{"type":"object","required":["spec"],"properties":{
         "spec":{"type":"object","required":["color"],"properties":{
           "color":{"type":"string","enum":["red","blue"]},
           "replicas":{"type":"integer","minimum":0,"maximum":5},
           "names":{"type":"array","maxItems":1,"items":{"type":"string","pattern":"^a"}},
           "at":{"type":"string","format":"date-time"},
           "short":{"type":"string","maxLength":3},
           "only":{"type":"object","maxProperties":1,"additionalProperties":{"type":"string"}},
           "ports":{"type":"array","x-kubernetes-list-type":"map",
            "x-kubernetes-list-map-keys":["port"],"items":{"type":"object","required":["port"],
             "properties":{"port":{"type":"integer"}}}},
           "tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
           "either":{"x-kubernetes-int-or-string":true},
           "template":{"type":"object","x-kubernetes-embedded-resource":true,
            "x-kubernetes-preserve-unknown-fields":true}}},
         "status":{"type":"object","properties":{"replicas":{"type":"integer"}}}}}}}]}})")
                  .status,
              201);
    EXPECT_EQ(raw_.Do("POST", things_, Thing(R"({"color":"red"})", "there")).status, 201);
    Make("there");
  }
  static std::string Thing(const std::string& spec, const std::string& name = "x") {
    return R"({"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":")" + name +
           R"("},"spec":)" + spec + "}";
  }
  static std::string Map(const std::string& metadata) {
    return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":)" + metadata + "}";
  }
  static std::string Definition(const std::string& name, const std::string& spec) {
    return R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",)"
           R"("metadata":{"name":")" +
           name + R"("},"spec":)" + spec + "}";
  }

  void Check(const BadCase& c) {
    SCOPED_TRACE(c.what);
    const RawAnswer answer =
        raw_.Do(c.method, c.target, c.body, {{"Content-Type", c.content_type}});
    EXPECT_EQ(answer.status, c.code) << answer.text;
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    EXPECT_EQ(answer.body.value("kind", ""), "Status");
    EXPECT_EQ(answer.body.value("apiVersion", ""), "v1");
    EXPECT_EQ(answer.body.value("status", ""), "Failure");
    EXPECT_EQ(answer.body.value("code", 0), c.code);
    EXPECT_EQ(answer.body.value("reason", ""), c.reason) << answer.text;
    std::vector<std::string> causes;
    const Json all = answer.body.value(Json::json_pointer("/details/causes"), Json::array());
    for (const Json& cause : all) {
      causes.push_back(cause.value("field", "") + " " + cause.value("reason", ""));
      EXPECT_FALSE(cause.value("message", "").empty());
    }
    EXPECT_EQ(causes, c.causes) << answer.text;
    EXPECT_NE(answer.body.value("message", "").find(c.message), std::string::npos) << answer.text;
  }

  static constexpr char kDefinitions[] = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const std::string things_ = "/apis/example.com/v1/namespaces/default/things";
};

TEST_F(BadInput, Values) {
  const std::string kInvalid = " FieldValueInvalid";
  const BadCase cases[] = {
      {"a required field is missing",
       "POST",
       things_,
       Thing("{}"),
       kAsJson,
       422,
       "Invalid",
       {"spec.color FieldValueRequired"},
       "Thing.example.com \"x\" is invalid: spec.color: Required value"},
      {"null does for none",
       "POST",
       things_,
       Thing(R"({"color":null})"),
       kAsJson,
       422,
       "Invalid",
       {"spec.color FieldValueRequired"}},
      {"none of the allowed",
       "POST",
       things_,
       Thing(R"({"color":"green"})"),
       kAsJson,
       422,
       "Invalid",
       {"spec.color FieldValueNotSupported"},
       "spec.color: Unsupported value: \"green\": supported values: \"red\", \"blue\""},
      {"another type",
       "POST",
       things_,
       Thing(R"({"color":1})"),
       kAsJson,
       422,
       "Invalid",
       {"spec.color FieldValueTypeInvalid"},
       "spec.color in body must be of type string: \"integer\""},
      {"too large",
       "POST",
       things_,
       Thing(R"({"color":"red","replicas":6})"),
       kAsJson,
       422,
       "Invalid",
       {"spec.replicas" + kInvalid},
       "spec.replicas: Invalid value: 6: spec.replicas in body should be less than or equal to 5"},
      {"too small",
       "POST",
       things_,
       Thing(R"({"color":"red","replicas":-1})"),
       kAsJson,
       422,
       "Invalid",
       {"spec.replicas" + kInvalid},
       "spec.replicas in body should be greater than or equal to 0"},
      {"too many, and one that does not match",
       "POST",
       things_,
       Thing(R"({"color":"red","names":["a","b"]})"),
       kAsJson,
       422,
       "Invalid",
       {"spec.names FieldValueTooMany", "spec.names[1]" + kInvalid},
       "spec.names[1] in body should match '^a'"},
      {"too many members",
       "POST",
       things_,
       Thing(R"({"color":"red","only":{"a":"b","c":"d"}})"),
       kAsJson,
       422,
       "Invalid",
       {"spec.only FieldValueTooMany"}},
      {"too long",
       "POST",
       things_,
       Thing(R"({"color":"red","short":"long"})"),
       kAsJson,
       422,
       "Invalid",
       {"spec.short FieldValueTooLong"}},
      {"no time",
       "POST",
       things_,
       Thing(R"({"color":"red","at":"noon"})"),
       kAsJson,
       422,
       "Invalid",
       {"spec.at" + kInvalid}},
      {"a key twice",
       "POST",
       things_,
       Thing(R"({"color":"red","ports":[{"port":1},{"port":1}]})"),
       kAsJson,
       422,
       "Invalid",
       {"spec.ports[1] FieldValueDuplicate"},
       "spec.ports[1]: Duplicate value: {\"port\":1}"},
      {"a member of a set twice",
       "POST",
       things_,
       Thing(R"({"color":"red","tags":["a","a"]})"),
       kAsJson,
       422,
       "Invalid",
       {"spec.tags[1] FieldValueDuplicate"}},
      {"neither number nor text",
       "POST",
       things_,
       Thing(R"({"color":"red","either":[]})"),
       kAsJson,
       422,
       "Invalid",
       {"spec.either FieldValueTypeInvalid"}},
      {"an embedded object without a kind",
       "POST",
       things_,
       Thing(R"({"color":"red","template":{}})"),
       kAsJson,
       422,
       "Invalid",
       {"spec.template.apiVersion FieldValueRequired", "spec.template.kind FieldValueRequired"}},
      {"several at once",
       "POST",
       things_,
       Thing(R"({"color":"green","replicas":6})"),
       kAsJson,
       422,
       "Invalid",
       {"spec.color FieldValueNotSupported", "spec.replicas" + kInvalid},
       "is invalid: [spec.color: "},
      {"a patch to a bad value",
       "PATCH",
       things_ + "/there",
       R"({"spec":{"replicas":6}})",
       kAsMergePatch,
       422,
       "Invalid",
       {"spec.replicas" + kInvalid}},
      {"a bad status",
       "PATCH",
       things_ + "/there/status",
       R"({"status":{"replicas":"x"}})",
       kAsMergePatch,
       422,
       "Invalid",
       {"status.replicas FieldValueTypeInvalid"}},
      {"a bad scale",
       "PATCH",
       things_ + "/there/scale",
       R"({"spec":{"replicas":6}})",
       kAsMergePatch,
       422,
       "Invalid",
       {"spec.replicas" + kInvalid}},
      {"a negative scale",
       "PATCH",
       things_ + "/there/scale",
       R"({"spec":{"replicas":-1}})",
       kAsMergePatch,
       422,
       "Invalid",
       {"spec.replicas" + kInvalid},
       "Scale.autoscaling \"there\" is invalid"},
  };
  for (const BadCase& c : cases) Check(c);
}

// Kubernetes decodes its own kinds before it looks at anything else, and says so in Go's words.
TEST_F(BadInput, TypesOfKubernetesKinds) {
  const std::string secrets = "/api/v1/namespaces/default/secrets";
  const std::string leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
  struct Case {
    std::string target;
    const char* kind;
    const char* rest;
    const char* message;
  };
  const Case cases[] = {
      {path_, "ConfigMap", R"("data":{"a":1})",
       "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"},
      {path_, "ConfigMap", R"("data":["a"])",
       "json: cannot unmarshal array into Go struct field ConfigMap.data of type "
       "map[string]string"},
      {path_, "ConfigMap", R"("immutable":"yes")",
       "json: cannot unmarshal string into Go struct field ConfigMap.immutable of type bool"},
      {secrets, "Secret", R"("data":{"a":true})",
       "json: cannot unmarshal bool into Go struct field Secret.data of type []uint8"},
      {secrets, "Secret", R"("data":{"a":"YQ=-"})", "illegal base64 data at input byte 2"},
      {leases, "Lease", R"("spec":{"leaseDurationSeconds":"1"})",
       "json: cannot unmarshal string into Go struct field LeaseSpec.spec.leaseDurationSeconds of "
       "type int32"},
      {leases, "Lease", R"("spec":{"leaseTransitions":1.5})",
       "json: cannot unmarshal number 1.5 into Go struct field LeaseSpec.spec.leaseTransitions of "
       "type int32"},
      {leases, "Lease", R"("spec":[])",
       "json: cannot unmarshal array into Go struct field Lease.spec of type v1.LeaseSpec"},
      {"/api/v1/namespaces", "Namespace", R"("spec":{"finalizers":[{}]})",
       "json: cannot unmarshal object into Go struct field NamespaceSpec.spec.finalizers of type "
       "string"},
      {kDefinitions, "CustomResourceDefinition", R"("spec":{"scope":1})",
       "json: cannot unmarshal number into Go struct field "
       "CustomResourceDefinitionSpec.spec.scope of type string"},
  };
  for (const Case& c : cases) {
    const RawAnswer answer =
        raw_.Do("POST", c.target, fmt::format(R"({{"metadata":{{"name":"x"}},{}}})", c.rest));
    EXPECT_EQ(answer.status, 400) << answer.text;
    EXPECT_EQ(answer.body.value("reason", ""), "BadRequest");
    EXPECT_EQ(answer.body.value("message", ""),
              fmt::format("{} in version \"v1\" cannot be handled as a {}: {}", c.kind, c.kind,
                          c.message));
  }
  // What a patch makes is shown whole.
  for (const char* type : {kAsMergePatch, "application/strategic-merge-patch+json"}) {
    const RawAnswer patched =
        raw_.Do("PATCH", path_ + "/there", R"({"data":{"a":1}})", {{"Content-Type", type}});
    EXPECT_EQ(patched.status, 422) << patched.text;
    EXPECT_EQ(patched.body["details"]["causes"][0]["field"], "patch");
    EXPECT_NE(patched.text.find("json: cannot unmarshal number into Go struct field "
                                "ConfigMap.data of type string"),
              std::string::npos)
        << patched.text;
  }
  // Null is no value, and a whole number is whole however it is written.
  EXPECT_EQ(raw_.Do("POST", path_, R"({"metadata":{"name":"x"},"data":{"a":null}})").status, 201);
  EXPECT_EQ(
      raw_.Do("POST", leases, R"({"metadata":{"name":"x"},"spec":{"leaseDurationSeconds":3.0}})")
          .status,
      201);
}

TEST_F(BadInput, Metadata) {
  const auto owner = [](const std::string& reference) {
    return Map(R"({"name":"x","ownerReferences":[)" + reference + "]}");
  };
  const BadCase cases[] = {
      {"no name",
       "POST",
       path_,
       Map("{}"),
       kAsJson,
       422,
       "Invalid",
       {"metadata.name FieldValueRequired"},
       "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is "
       "required"},
      {"a bad name",
       "POST",
       path_,
       Map(R"({"name":"Not_A_Name"})"),
       kAsJson,
       422,
       "Invalid",
       {"metadata.name FieldValueInvalid"},
       "metadata.name: Invalid value: \"Not_A_Name\": "},
      {"a bad namespace's name",
       "POST",
       "/api/v1/namespaces",
       R"({"metadata":{"name":"a.b"}})",
       kAsJson,
       422,
       "Invalid",
       {"metadata.name FieldValueInvalid"}},
      {"bad labels",
       "POST",
       path_,
       Map(R"({"name":"x","labels":{"a b":"c!"}})"),
       kAsJson,
       422,
       "Invalid",
       {"metadata.labels FieldValueInvalid", "metadata.labels FieldValueInvalid"}},
      {"a bad annotation",
       "POST",
       path_,
       Map(R"({"name":"x","annotations":{"a b":"any text"}})"),
       kAsJson,
       422,
       "Invalid",
       {"metadata.annotations FieldValueInvalid"}},
      {"large annotations",
       "POST",
       path_,
       Map(R"({"name":"x","annotations":{"a":")" + std::string(300000, 'x') + R"("}})"),
       kAsJson,
       422,
       "Invalid",
       {"metadata.annotations FieldValueTooLong"}},
      {"a bad finalizer",
       "POST",
       path_,
       Map(R"({"name":"x","finalizers":["a b"]})"),
       kAsJson,
       422,
       "Invalid",
       {"metadata.finalizers FieldValueInvalid"}},
      {"an owner without a name",
       "POST",
       path_,
       owner(R"({"apiVersion":"v1","kind":"ConfigMap","uid":"u"})"),
       kAsJson,
       422,
       "Invalid",
       {"metadata.ownerReferences[0].name FieldValueInvalid"}},
      {"labels that are no map", "POST", path_, Map(R"({"name":"x","labels":["a"]})"), kAsJson, 400,
       "BadRequest"},
      {"a resourceVersion on a new object",
       "POST",
       path_,
       Map(R"({"name":"x","resourceVersion":"7"})"),
       kAsJson,
       400,
       "BadRequest",
       {},
       "resourceVersion should not be set on objects to be created"},
      {"another uid",
       "PUT",
       path_ + "/there",
       Map(R"({"name":"there","uid":"other"})"),
       kAsJson,
       409,
       "Conflict",
       {},
       "Precondition failed: UID in precondition: other"},
      {"an old resourceVersion",
       "PUT",
       path_ + "/there",
       Map(R"({"name":"there","resourceVersion":"1"})"),
       kAsJson,
       409,
       "Conflict",
       {},
       "Operation cannot be fulfilled on configmaps \"there\": the object has been modified"},
  };
  for (const BadCase& c : cases) Check(c);
}

TEST_F(BadInput, Requests) {
  const std::string map = Map(R"({"name":"x"})");
  const BadCase cases[] = {
      {"no JSON", "POST", path_, "{", kAsJson, 400, "BadRequest"},
      {"no object", "POST", path_, "[]", kAsJson, 400, "BadRequest"},
      {"nothing", "POST", path_, "", kAsJson, 400, "BadRequest"},
      {"too many values",
       "POST",
       path_,
       "[" + std::string(100'001, ','),
       kAsJson,
       413,
       "RequestEntityTooLarge",
       {},
       "more than 100000 values"},
      {"a type nobody speaks", "POST", path_, "x", "text/plain", 415, "UnsupportedMediaType"},
      {"a patch of no type", "PATCH", path_ + "/there", "{}", kAsJson, 415, "UnsupportedMediaType"},
      {"a strategic patch of a custom kind", "PATCH", things_ + "/there", "{}",
       "application/strategic-merge-patch+json", 415, "UnsupportedMediaType"},
      {"a JSON patch that is none", "PATCH", path_ + "/there", R"({"a":1})",
       "application/json-patch+json", 400, "BadRequest"},
      {"a JSON patch that does not apply", "PATCH", path_ + "/there",
       R"([{"op":"remove","path":"/data/none"}])", "application/json-patch+json", 422, "Invalid"},
      {"another kind",
       "POST",
       path_,
       Thing("{}"),
       kAsJson,
       400,
       "BadRequest",
       {},
       "does not match the expected"},
      {"another namespace",
       "POST",
       path_,
       Map(R"({"name":"x","namespace":"other"})"),
       kAsJson,
       400,
       "BadRequest",
       {},
       "the namespace of the provided object does not match"},
      {"another name",
       "PUT",
       path_ + "/there",
       map,
       kAsJson,
       400,
       "BadRequest",
       {},
       "the name of the object (x) does not match the name on the URL (there)"},
      {"a namespace that is not there",
       "POST",
       "/api/v1/namespaces/none/configmaps",
       map,
       kAsJson,
       404,
       "NotFound",
       {},
       "namespaces \"none\" not found"},
      {"an object that is not there",
       "PUT",
       path_ + "/x",
       map,
       kAsJson,
       404,
       "NotFound",
       {},
       "configmaps \"x\" not found"},
      {"an object that is there",
       "POST",
       path_,
       Map(R"({"name":"there"})"),
       kAsJson,
       409,
       "AlreadyExists",
       {},
       "configmaps \"there\" already exists"},
      {"a kind that is not there", "GET", "/apis/example.com/v1/none", "", kAsJson, 404,
       "NotFound"},
      {"a version that is not there", "GET", "/apis/example.com/v9/things", "", kAsJson, 404,
       "NotFound"},
      {"a subresource that is not there", "GET", path_ + "/there/status", "", kAsJson, 404,
       "NotFound"},
      {"a verb that is not there", "POST", path_ + "/there", "{}", kAsJson, 405,
       "MethodNotAllowed"},
      {"a status is not deleted", "DELETE", things_ + "/there/status", "", kAsJson, 405,
       "MethodNotAllowed"},
      {"a bad label selector", "GET", path_ + "?labelSelector=a%20b", "", kAsJson, 400,
       "BadRequest"},
      {"a field nobody selects by",
       "GET",
       path_ + "?fieldSelector=data.k%3Dv",
       "",
       kAsJson,
       400,
       "BadRequest",
       {},
       "field label not supported: data.k"},
      {"a bad limit", "GET", path_ + "?limit=x", "", kAsJson, 400, "BadRequest"},
      {"a bad resourceVersion", "GET", path_ + "?resourceVersion=x", "", kAsJson, 400,
       "BadRequest"},
      {"a bad continue token", "GET", path_ + "?continue=x", "", kAsJson, 400, "BadRequest"},
      {"a namespace that stays",
       "DELETE",
       "/api/v1/namespaces/default",
       "",
       kAsJson,
       403,
       "Forbidden",
       {},
       "namespaces \"default\" is forbidden: this namespace may not be deleted"},
  };
  for (const BadCase& c : cases) Check(c);
}

TEST_F(BadInput, Options) {
  const std::string map = Map(R"({"name":"x"})");
  const std::string one = path_ + "/there";
  const BadCase cases[] = {
      {"dryRun of a create",
       "POST",
       path_ + "?dryRun=Some",
       map,
       kAsJson,
       422,
       "Invalid",
       {"dryRun FieldValueNotSupported"},
       "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: \"Some\": supported "
       "values: \"All\""},
      {"dryRun of an update",
       "PUT",
       one + "?dryRun=Some",
       map,
       kAsJson,
       422,
       "Invalid",
       {"dryRun FieldValueNotSupported"},
       "UpdateOptions.meta.k8s.io"},
      {"dryRun of a patch",
       "PATCH",
       one + "?dryRun=Some",
       "{}",
       kAsMergePatch,
       422,
       "Invalid",
       {"dryRun FieldValueNotSupported"},
       "PatchOptions.meta.k8s.io"},
      {"dryRun of a delete",
       "DELETE",
       one,
       R"({"dryRun":["Some"]})",
       kAsJson,
       422,
       "Invalid",
       {"dryRun FieldValueNotSupported"},
       "DeleteOptions.meta.k8s.io"},
      {"dryRun of a collection",
       "DELETE",
       path_ + "?dryRun=Some",
       "",
       kAsJson,
       422,
       "Invalid",
       {"dryRun FieldValueNotSupported"}},
      {"fieldValidation",
       "POST",
       path_ + "?fieldValidation=Some",
       map,
       kAsJson,
       422,
       "Invalid",
       {"fieldValidation FieldValueNotSupported"}},
      {"a manager that cannot be printed",
       "POST",
       path_ + "?fieldManager=a%0Ab",
       map,
       kAsJson,
       422,
       "Invalid",
       {"fieldManager FieldValueInvalid"}},
      {"a long manager",
       "POST",
       path_ + "?fieldManager=" + std::string(129, 'm'),
       map,
       kAsJson,
       422,
       "Invalid",
       {"fieldManager FieldValueTooLong"}},
      {"force without apply",
       "PATCH",
       one + "?force=true",
       "{}",
       kAsMergePatch,
       422,
       "Invalid",
       {"force FieldValueForbidden"}},
      {"propagationPolicy",
       "DELETE",
       one + "?propagationPolicy=Some",
       "",
       kAsJson,
       422,
       "Invalid",
       {"propagationPolicy FieldValueNotSupported"}},
      {"two ways to say what becomes of dependents",
       "DELETE",
       one,
       R"({"orphanDependents":true,"propagationPolicy":"Orphan"})",
       kAsJson,
       422,
       "Invalid",
       {"propagationPolicy FieldValueInvalid"}},
      {"a delete of another uid", "DELETE", one, R"({"preconditions":{"uid":"other"}})", kAsJson,
       409, "Conflict"},
      {"a delete of another revision", "DELETE", one,
       R"({"preconditions":{"resourceVersion":"1"}})", kAsJson, 409, "Conflict"},
      {"a collection of another uid", "DELETE", path_, R"({"preconditions":{"uid":"other"}})",
       kAsJson, 409, "Conflict"},
      {"a body that is no options", "DELETE", one, R"({"kind":"Pod"})", kAsJson, 400, "BadRequest"},
  };
  for (const BadCase& c : cases) Check(c);
  EXPECT_EQ(raw_.Get(one).status, 200) << "nothing was deleted";
  EXPECT_EQ(raw_.Get(path_ + "/x").status, 404) << "nothing was created";
}

TEST_F(BadInput, Definitions) {
  const std::string good_names = R"("names":{"plural":"gadgets","kind":"Gadget"})";
  const auto versions = [](const std::string& schema) {
    return R"("versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":)" +
           schema + "}}]";
  };
  const std::string good = versions(R"({"type":"object"})");
  const std::string head = R"({"group":"example.com","scope":"Namespaced",)";
  const std::string schema = "spec.versions[0].schema.openAPIV3Schema";
  const BadCase cases[] = {
      {"a name that is not plural.group",
       "POST",
       kDefinitions,
       Definition("other.example.com", head + good_names + "," + good + "}"),
       kAsJson,
       422,
       "Invalid",
       {"metadata.name FieldValueInvalid"}},
      {"no storage version",
       "POST",
       kDefinitions,
       Definition("gadgets.example.com",
                  head + good_names +
                      R"(,"versions":[{"name":"v1","served":true,"storage":false,"schema":)"
                      R"({"openAPIV3Schema":{"type":"object"}}}]})"),
       kAsJson,
       422,
       "Invalid",
       {"spec.versions FieldValueInvalid"}},
      {"no type",
       "POST",
       kDefinitions,
       Definition(
           "gadgets.example.com",
           head + good_names + "," + versions(R"({"type":"object","properties":{"a":{}}})") + "}"),
       kAsJson,
       422,
       "Invalid",
       {schema + ".properties[a].type FieldValueRequired"}},
      {"no schema",
       "POST",
       kDefinitions,
       Definition(
           "gadgets.example.com",
           head + good_names + R"(,"versions":[{"name":"v1","served":true,"storage":true}]})"),
       kAsJson,
       422,
       "Invalid",
       {schema + " FieldValueRequired"}},
      {"another scope",
       "POST",
       kDefinitions,
       Definition("gadgets.example.com",
                  R"({"group":"example.com","scope":"World",)" + good_names + "," + good + "}"),
       kAsJson,
       422,
       "Invalid",
       {"spec.scope FieldValueNotSupported"}},
  };
  for (const BadCase& c : cases) Check(c);
}

}  // namespace
}  // namespace gantry::testing
