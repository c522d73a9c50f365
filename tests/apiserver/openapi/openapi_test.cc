#include "apiserver/openapi/openapi.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "apis/machinery/meta/object.h"
#include "apiserver/openapi/dialect.h"
#include "apiserver/openapi/openapi_v2.pb.h"
#include "schemas/embedded.h"

namespace gantry::apiserver::openapi {
namespace {

namespace v2 = gantry::openapi::v2;

constexpr char kProtobuf[] = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
constexpr char kProtobufAnswer[] = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

std::shared_ptr<const schema::Definition> Widget() {
  const auto d = schema::ParseDefinition(*ParseJson(R"({
    "metadata":{"name":"widgets.example.com"},
    "spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},
      "versions":[
        {"name":"v1","served":true,"storage":true,
         "subresources":{"status":{},"scale":{"specReplicasPath":".spec.replicas","statusReplicasPath":".status.replicas"}},
         "schema":{"openAPIV3Schema":{"type":"object","description":"A widget.","required":["spec"],"properties":{
             "spec":{"type":"object","description":"Wanted.","properties":{
                 "replicas":{"type":"integer","format":"int32","minimum":1,"maximum":9,"default":2,"description":"How many."},
                 "kind":{"type":"string","enum":["A","B"]},
                 "port":{"x-kubernetes-int-or-string":true},
                 "note":{"type":"string","nullable":true},
                 "any":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"a":{"type":"string"}}},
                 "list":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],
                   "items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"}}}},
                 "map":{"type":"object","additionalProperties":{"type":"string"}},
                 "res":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true}},
               "anyOf":[{"required":["replicas"]},{"required":["kind"]}]},
             "status":{"type":"object","properties":{"replicas":{"type":"integer"}}}}}}},
        {"name":"v1beta1","served":true,"storage":false,
         "schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}})"));
  EXPECT_TRUE(d.ok()) << d.error().message;
  return *d;
}

Definitions Builtin() {
  Definitions out;
  for (const schemas::Manifest& m : schemas::Embedded())
    out.push_back(*schema::ParseDefinition(*ParseJson(m.json), schema::Origin::kBuiltin));
  return out;
}

Json Parsed(const std::shared_ptr<const Document>& document) {
  EXPECT_NE(document, nullptr);
  return document ? *ParseJson(document->body) : Json();
}

// Every $ref in `json` leads to a definition of `known`.
void ExpectRefs(const Json& json, const std::string& prefix, const Json& known) {
  if (json.is_array())
    for (const Json& item : json) ExpectRefs(item, prefix, known);
  if (!json.is_object()) return;
  for (const auto& [key, value] : json.items()) {
    if (key == "$ref" && value.is_string()) {
      const std::string ref = value;
      ASSERT_EQ(ref.rfind(prefix, 0), 0u) << ref;
      EXPECT_TRUE(known.contains(ref.substr(prefix.size()))) << ref;
    }
    ExpectRefs(value, prefix, known);
  }
}

bool HasParameter(const Json& operation, const std::string& name) {
  for (const Json& p : operation["parameters"])
    if (p["name"] == name && p["in"] == "query") return true;
  return false;
}

TEST(Names, FollowKubernetes) {
  EXPECT_EQ(DefinitionName({"gantry.dev", "v1", "Service"}), "dev.gantry.v1.Service");
  EXPECT_EQ(DefinitionName({"a.b.example.com", "v1", "X"}), "com.example.b.a.v1.X");
  EXPECT_EQ(DefinitionName({"", "v1", "Namespace"}), "io.k8s.api.core.v1.Namespace");
  EXPECT_EQ(DefinitionName({"autoscaling", "v1", "Scale"}), "io.k8s.api.autoscaling.v1.Scale");
  EXPECT_EQ(DefinitionName({"coordination.k8s.io", "v1", "Lease"}),
            "io.k8s.api.coordination.v1.Lease");
  EXPECT_EQ(DefinitionName({"apiextensions.k8s.io", "v1", "CustomResourceDefinition"}),
            "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition");
}

TEST(V3, IndexLeadsToEveryGroupVersion) {
  const Spec spec({Widget()});
  const Json index = Parsed(spec.Index());
  std::set<std::string> names;
  for (const auto& [path, entry] : index["paths"].items()) {
    names.insert(path);
    const std::string url = entry["serverRelativeURL"];
    const size_t query = url.find("?hash=");
    ASSERT_NE(query, std::string::npos);
    const auto answer =
        spec.Serve(url.substr(0, query), "application/json", "", url.substr(query + 6));
    ASSERT_TRUE(answer.ok()) << url;
    EXPECT_TRUE(answer->immutable);
    EXPECT_FALSE(spec.Serve(url.substr(0, query), "", "", "other")->immutable);
  }
  EXPECT_EQ(names,
            (std::set<std::string>{"api/v1", "apis/example.com/v1", "apis/example.com/v1beta1"}));
  EXPECT_EQ(spec.V3({"example.com", "v2"}), nullptr);
}

TEST(V3, DescribesKinds) {
  const Json document = Parsed(Spec({Widget()}).V3({"example.com", "v1"}));
  const Json& schemas = document["components"]["schemas"];
  const Json& widget = schemas["com.example.v1.Widget"];
  EXPECT_EQ(widget["x-kubernetes-group-version-kind"],
            *ParseJson(R"([{"group":"example.com","version":"v1","kind":"Widget"}])"));
  EXPECT_EQ(widget["description"], "A widget.");
  EXPECT_EQ(widget["properties"]["metadata"]["allOf"][0]["$ref"],
            "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  EXPECT_EQ(widget["properties"]["spec"]["properties"]["replicas"]["default"], 2);
  EXPECT_TRUE(widget["properties"]["spec"].contains("anyOf"));
  EXPECT_EQ(widget["properties"]["spec"]["properties"]["note"]["nullable"], true);
  EXPECT_TRUE(widget["properties"]["spec"]["properties"]["res"]["properties"].contains("kind"));
  const Json& list = schemas["com.example.v1.WidgetList"];
  EXPECT_EQ(list["properties"]["items"]["items"]["$ref"],
            "#/components/schemas/com.example.v1.Widget");
  EXPECT_EQ(list["required"], Json({"items"}));
  ExpectRefs(document, "#/components/schemas/", schemas);

  const Json beta = Parsed(Spec({Widget()}).V3({"example.com", "v1beta1"}));
  const Json& open = beta["components"]["schemas"]["com.example.v1beta1.Widget"];
  EXPECT_EQ(open["type"], "object");
  EXPECT_EQ(open["x-kubernetes-preserve-unknown-fields"], true);
}

TEST(V3, HasEveryOperation) {
  const Json paths = Parsed(Spec({Widget()}).V3({"example.com", "v1"}))["paths"];
  const std::string collection = "/apis/example.com/v1/namespaces/{namespace}/widgets";
  const std::vector<std::pair<std::string, std::vector<const char*>>> want = {
      {"/apis/example.com/v1/widgets", {"get"}},
      {collection, {"get", "post", "delete"}},
      {collection + "/{name}", {"get", "put", "patch", "delete"}},
      {collection + "/{name}/status", {"get", "put", "patch"}},
      {collection + "/{name}/scale", {"get", "put", "patch"}}};
  EXPECT_EQ(paths.size(), want.size());
  std::set<std::string> ids;
  for (const auto& [path, methods] : want) {
    ASSERT_TRUE(paths.contains(path)) << path;
    for (const char* method : methods) {
      ASSERT_TRUE(paths[path].contains(method)) << path << " " << method;
      EXPECT_TRUE(ids.insert(paths[path][method]["operationId"]).second)
          << paths[path][method]["operationId"];
    }
    EXPECT_EQ(paths[path].size(), methods.size() + paths[path].contains("parameters"));
  }
  const Json& patch = paths[collection + "/{name}"]["patch"];
  EXPECT_EQ(patch["x-kubernetes-group-version-kind"],
            *ParseJson(R"({"group":"example.com","version":"v1","kind":"Widget"})"));
  for (const char* name : {"dryRun", "fieldManager", "fieldValidation", "force"})
    EXPECT_TRUE(HasParameter(patch, name)) << name;
  std::vector<std::string> types;
  for (const auto& [type, content] : patch["requestBody"]["content"].items()) types.push_back(type);
  EXPECT_EQ(types, ServedPatchTypes());
  EXPECT_EQ(paths[collection + "/{name}/scale"]["get"]["x-kubernetes-group-version-kind"]["kind"],
            "Scale");
  EXPECT_TRUE(HasParameter(paths[collection]["post"], "fieldValidation"));
  EXPECT_EQ(paths[collection + "/{name}"]["parameters"].size(), 2u);
}

TEST(V2, LeavesOutWhatOldClientsWouldRefuse) {
  const Json document = Parsed(Spec({Widget()}).V2Json());
  EXPECT_EQ(document["swagger"], "2.0");
  const Json& widget = document["definitions"]["com.example.v1.Widget"];
  EXPECT_EQ(widget["properties"]["metadata"]["$ref"],
            "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  const Json& spec = widget["properties"]["spec"];
  EXPECT_FALSE(spec.contains("anyOf"));
  const Json& fields = spec["properties"];
  EXPECT_FALSE(fields["replicas"].contains("default"));
  EXPECT_EQ(fields["replicas"]["maximum"], 9);
  EXPECT_EQ(fields["note"], Json::object());
  EXPECT_FALSE(fields["any"].contains("properties"));
  EXPECT_EQ(fields["list"]["x-kubernetes-list-map-keys"], Json({"k"}));
  const Json& open = document["definitions"]["com.example.v1beta1.Widget"];
  EXPECT_FALSE(open.contains("properties"));
  EXPECT_TRUE(open.contains("x-kubernetes-group-version-kind"));
  ExpectRefs(document, "#/definitions/", document["definitions"]);
}

TEST(V2, BinaryFormSaysTheSame) {
  const Spec spec({Widget()});
  v2::Document decoded;
  ASSERT_TRUE(decoded.ParseFromString(spec.V2Protobuf()->body));
  const Json document = Parsed(spec.V2Json());
  EXPECT_EQ(decoded.swagger(), "2.0");
  EXPECT_EQ(static_cast<size_t>(decoded.paths().path_size()), document["paths"].size());
  ASSERT_EQ(static_cast<size_t>(decoded.definitions().additional_properties_size()),
            document["definitions"].size());
  const auto& named = decoded.definitions().additional_properties();
  const auto widget = std::find_if(named.begin(), named.end(), [](const v2::NamedSchema& n) {
    return n.name() == "com.example.v1.Widget";
  });
  ASSERT_NE(widget, named.end());
  const v2::Schema& schema = widget->value();
  EXPECT_EQ(schema.description(), "A widget.");
  EXPECT_EQ(schema.required(0), "spec");
  ASSERT_EQ(schema.type().value_size(), 1);
  EXPECT_EQ(schema.type().value(0), "object");
  ASSERT_EQ(schema.vendor_extension_size(), 1);
  EXPECT_EQ(schema.vendor_extension(0).name(), "x-kubernetes-group-version-kind");
  EXPECT_EQ(*ParseJson(schema.vendor_extension(0).value().yaml()),
            document["definitions"]["com.example.v1.Widget"]["x-kubernetes-group-version-kind"]);
  for (const v2::NamedSchema& property : schema.properties().additional_properties()) {
    if (property.name() == "metadata") {
      EXPECT_EQ(property.value().ref(),
                "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    }
    if (property.name() != "spec") continue;
    for (const v2::NamedSchema& field : property.value().properties().additional_properties()) {
      if (field.name() == "replicas") {
        EXPECT_EQ(field.value().maximum(), 9);
      }
      if (field.name() == "kind") {
        EXPECT_EQ(field.value().enum_values(0).yaml(), "\"A\"");
      }
      if (field.name() == "map") {
        EXPECT_EQ(field.value().additional_properties().schema().type().value(0), "string");
      }
      if (field.name() == "list") {
        EXPECT_EQ(field.value().items().schema(0).required(0), "k");
      }
    }
  }
  bool found = false;
  for (const v2::NamedPathItem& path : decoded.paths().path()) {
    if (path.name() != "/apis/example.com/v1/namespaces/{namespace}/widgets/{name}") continue;
    found = true;
    const v2::Operation& patch = path.value().patch();
    EXPECT_EQ(patch.consumes_size(), static_cast<int>(ServedPatchTypes().size()));
    std::set<std::string> query;
    for (const v2::ParametersItem& p : patch.parameters())
      query.insert(p.parameter().non_body_parameter().query_parameter().name());
    EXPECT_EQ(query.count("dryRun"), 1u);
    EXPECT_EQ(query.count("fieldValidation"), 1u);
    EXPECT_EQ(path.value().parameters(0).parameter().non_body_parameter().path_parameter().name(),
              "name");
    EXPECT_EQ(path.value().delete_().responses().response_code_size(), 3);
  }
  EXPECT_TRUE(found);
}

TEST(Spec, EveryBuiltinKindIsDocumented) {
  const Definitions all = Builtin();
  const Spec spec(all);
  const Json v2_document = Parsed(spec.V2Json());
  ExpectRefs(v2_document, "#/definitions/", v2_document["definitions"]);
  for (const auto& d : all) {
    for (const schema::Version& v : d->versions) {
      const Json v3_document = Parsed(spec.V3({d->group, v.name}));
      const std::string name = DefinitionName({d->group, v.name, d->kind});
      EXPECT_TRUE(v3_document["components"]["schemas"].contains(name)) << name;
      EXPECT_TRUE(v2_document["definitions"].contains(name)) << name;
      ExpectRefs(v3_document, "#/components/schemas/", v3_document["components"]["schemas"]);
    }
  }
  std::set<std::string> ids;
  for (const auto& [path, item] : v2_document["paths"].items())
    for (const auto& [method, operation] : item.items())
      if (method != "parameters") {
        EXPECT_TRUE(ids.insert(operation["operationId"]).second) << path << " " << method;
      }
}

TEST(Spec, AnswersByAcceptHeader) {
  const Spec spec({Widget()});
  struct Case {
    const char* path;
    const char* accept;
    const char* want;  // null: not acceptable
  };
  const std::vector<Case> cases = {
      {"/openapi/v2", "", "application/json"},
      {"/openapi/v2/", "*/*", "application/json"},
      {"/openapi/v2", "application/json", "application/json"},
      {"/openapi/v2", kProtobuf, kProtobufAnswer},
      {"/openapi/v2", "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
       "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"},
      {"/openapi/v2",
       "application/json, application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
       "application/json"},
      {"/openapi/v2", "text/html", nullptr},
      {"/openapi/v3", "application/json", "application/json"},
      {"/openapi/v3/apis/example.com/v1",
       "application/com.github.proto-openapi.spec.v3@v1.0+protobuf", nullptr}};
  for (const Case& c : cases) {
    const auto answer = spec.Serve(c.path, c.accept, "", "");
    if (!c.want) {
      ASSERT_FALSE(answer.ok()) << c.accept;
      EXPECT_EQ(answer.code(), Code::kNotAcceptable);
      continue;
    }
    ASSERT_TRUE(answer.ok()) << c.accept;
    EXPECT_EQ(answer->content_type, c.want);
  }
  EXPECT_EQ(spec.Serve("/openapi/v3/apis/nope/v1", "", "", "").code(), Code::kNotFound);
  EXPECT_EQ(spec.Serve("/openapi/v4", "", "", "").code(), Code::kNotFound);
  const auto first = spec.Serve("/openapi/v2", kProtobuf, "", "");
  const auto again = spec.Serve("/openapi/v2", kProtobuf, first->etag, "");
  EXPECT_EQ(again->status, 304);
  EXPECT_EQ(again->document, nullptr);
  EXPECT_EQ(spec.Serve("/openapi/v2", "application/json", first->etag, "")->status, 200);
}

TEST(Spec, UnchangedVersionsAreTakenOver) {
  Definitions all = Builtin();
  const Spec before(all);
  const auto core = before.V3({"", "v1"});
  const auto own = before.V3({"gantry.dev", "v1"});
  all.push_back(Widget());
  const Spec after(all, &before);
  EXPECT_EQ(after.V3({"", "v1"}), core);
  EXPECT_EQ(after.V3({"gantry.dev", "v1"}), own);
  EXPECT_NE(after.Index()->hash, before.Index()->hash);
  EXPECT_NE(after.V3({"example.com", "v1"}), nullptr);
  EXPECT_EQ(before.V3({"example.com", "v1"}), nullptr);
  EXPECT_EQ(Spec(Builtin()).V3({"", "v1"})->hash, core->hash);
}

TEST(Spec, ADocumentOfPartsIsTheOneMadeAtOnce) {
  Definitions all = Builtin();
  auto spec = std::make_unique<Spec>(all);
  for (const auto& changed : {all.front(), Widget()}) {
    for (const auto& document :
         {spec->V2Json(), spec->V2Protobuf(), spec->V3({"gantry.dev", "v1"})})
      ASSERT_NE(document, nullptr);
    // A definition goes, comes, or comes back as another one.
    const auto it = std::find(all.begin(), all.end(), changed);
    if (it == all.end()) {
      all.push_back(changed);
    } else {
      all.erase(it);
    }
    auto next = std::make_unique<Spec>(all, spec.get());
    const Spec fresh(all);
    EXPECT_EQ(next->Index()->body, fresh.Index()->body);
    EXPECT_EQ(next->V2Json()->body, fresh.V2Json()->body);
    EXPECT_EQ(next->V2Protobuf()->body, fresh.V2Protobuf()->body);
    EXPECT_EQ(next->V2Json()->hash, fresh.V2Json()->hash);
    EXPECT_NE(next->V2Json()->hash, spec->V2Json()->hash);
    EXPECT_NE(next->V2Json()->hash, next->V2Protobuf()->hash);
    for (const GroupVersion& gv :
         {GroupVersion{"", "v1"}, {"gantry.dev", "v1"}, {all.back()->group, "v1"}}) {
      ASSERT_NE(fresh.V3(gv), nullptr) << gv.ToString();
      EXPECT_EQ(next->V3(gv)->body, fresh.V3(gv)->body);
      EXPECT_EQ(next->V3(gv)->hash, fresh.V3(gv)->hash);
      EXPECT_TRUE(ParseJson(next->V3(gv)->body).ok());
    }
    spec = std::move(next);
  }
}

// What kubectl explain shows of a kind, by the path of the field; `seen`: definitions that are
// being looked through.
void FindUndescribed(const Json& schema, const std::string& prefix, const Json& known,
                     const std::string& path, std::set<std::string> seen,
                     std::set<std::string>* missing) {
  const Json* at = &schema;
  bool described = !GetString(schema, "description").empty();
  std::string ref = GetString(schema, "$ref");
  if (ref.empty() && schema.contains("allOf") && schema["allOf"].size() == 1)
    ref = GetString(schema["allOf"][0], "$ref");
  if (!ref.empty()) {
    const std::string name = ref.substr(prefix.size());
    at = &known.at(name);
    described = described || !GetString(*at, "description").empty();
    if (!seen.insert(name).second) return;
  }
  if (!described) missing->insert(path);
  if (const auto it = at->find("properties"); it != at->end()) {
    for (const auto& [name, sub] : it->items())
      FindUndescribed(sub, prefix, known, path + "." + name, seen, missing);
  }
  // Explain names no items: their description is the field's. What is in them counts.
  for (const char* key : {"items", "additionalProperties"}) {
    const auto it = at->find(key);
    if (it == at->end() || !it->is_object()) continue;
    std::set<std::string> within;
    FindUndescribed(*it, prefix, known, path + (key[0] == 'i' ? "[]" : "{}"), seen, &within);
    for (const std::string& field : within) {
      if (field != path + "[]" && field != path + "{}") missing->insert(field);
    }
  }
}

TEST(Explain, EveryFieldOfEveryBuiltinKindHasADescription) {
  const Definitions all = Builtin();
  const Spec spec(all);
  // The search finds what is missing.
  std::set<std::string> missing;
  const Json widget = Parsed(Spec({Widget()}).V3({"example.com", "v1"}))["components"]["schemas"];
  FindUndescribed(widget["com.example.v1.Widget"], "#/components/schemas/", widget, "", {},
                  &missing);
  EXPECT_TRUE(missing.contains(".spec.kind"));
  EXPECT_TRUE(missing.contains(".spec.list[].k"));
  EXPECT_FALSE(missing.contains(".spec.replicas"));
  missing.clear();

  const auto look = [&missing](const Json& definitions, const std::string& prefix,
                               const std::string& document) {
    for (const auto& [name, schema] : definitions.items())
      FindUndescribed(schema, prefix, definitions, document + name, {}, &missing);
  };
  look(Parsed(spec.V2Json())["definitions"], "#/definitions/", "v2 ");
  for (const auto& d : all) {
    for (const schema::Version& v : d->versions) {
      look(Parsed(spec.V3({d->group, v.name}))["components"]["schemas"], "#/components/schemas/",
           "v3 ");
    }
  }
  std::string list;
  for (const std::string& field : missing) list += field + "\n";
  EXPECT_EQ(list, "") << missing.size() << " fields have no description";
}

}  // namespace
}  // namespace gantry::apiserver::openapi
