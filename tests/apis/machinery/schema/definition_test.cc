#include "apis/machinery/schema/definition.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gantry::schema {
namespace {

Json Crd() {
  return *ParseJson(R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
    "metadata":{"name":"widgets.example.com"},
    "spec":{"group":"example.com","scope":"Namespaced",
      "names":{"plural":"widgets","kind":"Widget","shortNames":["wd"],"categories":["all"]},
      "versions":[
        {"name":"v1","served":true,"storage":true,
         "subresources":{"status":{},"scale":{"specReplicasPath":".spec.replicas",
             "statusReplicasPath":".status.replicas","labelSelectorPath":".status.selector"}},
         "selectableFields":[{"jsonPath":".spec.color"}],
         "additionalPrinterColumns":[{"name":"Replicas","type":"integer","jsonPath":".spec.replicas",
             "priority":1,"format":"int32","description":"How many."}],
         "schema":{"openAPIV3Schema":{"type":"object","properties":{
             "spec":{"type":"object","properties":{"replicas":{"type":"integer"},"color":{"type":"string"}}},
             "status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}},
        {"name":"v1beta1","served":false,"storage":false,"deprecated":true,
         "deprecationWarning":"use v1",
         "schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}})");
}

TEST(Definition, DecodesEverything) {
  const auto parsed = ParseDefinition(Crd());
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const Definition& d = **parsed;
  EXPECT_EQ(d.group, "example.com");
  EXPECT_EQ(d.plural, "widgets");
  EXPECT_EQ(d.singular, "widget");
  EXPECT_EQ(d.kind, "Widget");
  EXPECT_EQ(d.list_kind, "WidgetList");
  EXPECT_EQ(d.short_names, std::vector<std::string>{"wd"});
  EXPECT_EQ(d.categories, std::vector<std::string>{"all"});
  EXPECT_TRUE(d.namespaced);
  EXPECT_FALSE(d.builtin);
  EXPECT_TRUE(d.warnings.empty());
  ASSERT_EQ(d.versions.size(), 2u);
  EXPECT_EQ(&d.StorageVersion(), &d.versions[0]);
  EXPECT_EQ(d.FindVersion("v1"), &d.versions[0]);
  EXPECT_EQ(d.FindVersion("v1beta1"), nullptr);
  const Version& v = d.versions[0];
  EXPECT_TRUE(v.status_subresource);
  ASSERT_TRUE(v.scale.has_value());
  EXPECT_EQ(v.scale->label_selector_path, ".status.selector");
  ASSERT_EQ(v.columns.size(), 1u);
  EXPECT_EQ(v.columns[0].name, "Replicas");
  EXPECT_EQ(v.columns[0].priority, 1);
  ASSERT_EQ(v.selectable_fields.size(), 1u);
  EXPECT_EQ(v.selectable_fields[0].text(), ".spec.color");
  ASSERT_EQ(d.versions[1].columns.size(), 1u);
  EXPECT_EQ(d.versions[1].columns[0].name, "Age");
  EXPECT_EQ(d.versions[1].columns[0].type, "date");
  EXPECT_TRUE(d.versions[1].deprecated);
}

struct Fault {
  const char* pointer;      // what to change
  const char* replacement;  // nullptr: remove it
  const char* want;         // one of the causes, `field: message`
};

class Faults : public testing::TestWithParam<Fault> {};

TEST_P(Faults, AreNamed) {
  Json crd = Crd();
  const Json::json_pointer pointer(GetParam().pointer);
  if (GetParam().replacement) {
    crd[pointer] = *ParseJson(GetParam().replacement);
  } else {
    crd[pointer.parent_pointer()].erase(pointer.back());
  }
  const auto parsed = ParseDefinition(crd);
  ASSERT_FALSE(parsed.ok()) << GetParam().pointer;
  EXPECT_EQ(parsed.code(), Code::kInvalid);
  std::vector<std::string> causes;
  for (const ErrorCause& c : parsed.error().details->causes)
    causes.push_back(c.field + ": " + c.message);
  EXPECT_NE(std::find(causes.begin(), causes.end(), GetParam().want), causes.end())
      << parsed.error().message;
}

#define SCHEMA "/spec/versions/0/schema/openAPIV3Schema"
#define AT "spec.versions[0].schema.openAPIV3Schema"

INSTANTIATE_TEST_SUITE_P(
    Names, Faults,
    testing::Values(
        Fault{"/spec", nullptr, "spec: Required value"},
        Fault{
            "/metadata/name", R"("widgets")",
            R"(metadata.name: Invalid value: "widgets": must be spec.names.plural+"."+spec.group)"},
        Fault{"/spec/group", R"("")", "spec.group: Required value"},
        Fault{"/spec/group", R"("example")",
              R"(spec.group: Invalid value: "example": should be a domain with at least one dot)"},
        Fault{"/spec/group", R"("example.k8s.io")",
              "metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups "
              "must have approval annotation \"api-approved.kubernetes.io\", see "
              "https://github.com/kubernetes/enhancements/pull/1111"},
        Fault{
            "/spec/scope", R"("Everywhere")",
            R"(spec.scope: Unsupported value: "Everywhere": supported values: "Cluster", "Namespaced")"},
        Fault{"/spec/scope", nullptr, "spec.scope: Required value"},
        Fault{"/spec/names/kind", nullptr, "spec.names.kind: Required value"},
        Fault{
            "/spec/names/listKind", R"("Widget")",
            R"(spec.names.listKind: Invalid value: "Widget": kind and listKind may not be the same)"},
        Fault{"/spec/names/shortNames", R"([1])",
              "spec.names.shortNames[0]: Invalid value: 1: must be of type string"},
        Fault{
            "/spec/names/plural", "7",
            R"(spec.names.plural: Invalid value: 7: spec.names.plural in body must be of type string: "integer")"},
        Fault{"/spec/preserveUnknownFields", "true",
              "spec.preserveUnknownFields: Invalid value: true: must be false"},
        Fault{
            "/spec/conversion", R"({"strategy":"Other"})",
            R"(spec.conversion.strategy: Unsupported value: "Other": supported values: "None", "Webhook")"}));

INSTANTIATE_TEST_SUITE_P(
    Conversions, Faults,
    testing::Values(
        Fault{"/spec/conversion", R"({"strategy":"None","webhook":{}})",
              "spec.conversion.webhook: Forbidden: should not be set when strategy is not set to "
              "Webhook"},
        Fault{"/spec/conversion", R"({"strategy":"Webhook"})",
              "spec.conversion.webhook: Required value: required when strategy is set to Webhook"},
        Fault{"/spec/conversion",
              R"({"strategy":"Webhook","webhook":{"clientConfig":{"url":"https://h/p"}}})",
              "spec.conversion.webhook.conversionReviewVersions: Required value"},
        Fault{"/spec/conversion",
              R"({"strategy":"Webhook","webhook":{"conversionReviewVersions":["v9"],
                  "clientConfig":{"url":"https://h/p"}}})",
              "spec.conversion.webhook.conversionReviewVersions: Invalid value: [\"v9\"]: must "
              "include at least one of v1, v1beta1"},
        Fault{"/spec/conversion",
              R"({"strategy":"Webhook","webhook":{"conversionReviewVersions":["v1"],
                  "clientConfig":{}}})",
              "spec.conversion.webhook.clientConfig: Required value: exactly one of url or service "
              "is required"},
        Fault{"/spec/conversion",
              R"({"strategy":"Webhook","webhook":{"conversionReviewVersions":["v1"],
                  "clientConfig":{"url":"http://h/p"}}})",
              "spec.conversion.webhook.clientConfig.url: Invalid value: \"http://h/p\": 'https' is "
              "the only allowed URL scheme; desired format: https://host[/path]"},
        Fault{"/spec/conversion",
              R"({"strategy":"Webhook","webhook":{"conversionReviewVersions":["v1"],
                  "clientConfig":{"url":"https://h/p","caBundle":"eA=="}}})",
              "spec.conversion.webhook.clientConfig.caBundle: Invalid value: \"eA==\": must be "
              "certificates in PEM form, encoded as base64"}));

INSTANTIATE_TEST_SUITE_P(
    Versions, Faults,
    testing::Values(
        Fault{"/spec/versions", "[]",
              "spec.versions: Required value: must have at least one version"},
        Fault{
            "/spec/versions/1/storage", "true",
            R"(spec.versions: Invalid value: ["v1","v1beta1"]: must have exactly one version marked as storage version)"},
        Fault{
            "/spec/versions/0/storage", "false",
            R"(spec.versions: Invalid value: ["v1","v1beta1"]: must have exactly one version marked as storage version)"},
        Fault{"/spec/versions/1/name", R"("v1")",
              R"(spec.versions: Invalid value: ["v1","v1"]: must contain unique version names)"},
        Fault{"/spec/versions/0/served", nullptr, "spec.versions[0].served: Required value"},
        Fault{"/spec/versions/0/schema", nullptr, AT ": Required value: schemas are required"},
        Fault{
            "/spec/versions/1/deprecated", "false",
            R"(spec.versions[1].deprecationWarning: Invalid value: "use v1": can only be set for deprecated versions)"},
        Fault{
            "/spec/versions/0/subresources/scale/specReplicasPath", R"(".status.n")",
            R"(spec.versions[0].subresources.scale.specReplicasPath: Invalid value: ".status.n": should be a json path under .spec)"},
        Fault{"/spec/versions/0/subresources/scale/statusReplicasPath", nullptr,
              "spec.versions[0].subresources.scale.statusReplicasPath: Required value"},
        Fault{
            "/spec/versions/0/additionalPrinterColumns/0/type", R"("text")",
            R"(spec.versions[0].additionalPrinterColumns[0].type: Unsupported value: "text": supported values: "boolean", "date", "integer", "number", "string")"},
        Fault{"/spec/versions/0/additionalPrinterColumns/0/jsonPath", nullptr,
              "spec.versions[0].additionalPrinterColumns[0].jsonPath: Required value"},
        Fault{
            "/spec/versions/0/selectableFields/0/jsonPath", R"(".spec.shape")",
            R"(spec.versions[0].selectableFields[0].jsonPath: Invalid value: ".spec.shape": must point to a field of type string, boolean or integer)"},
        Fault{"/spec/versions/0/selectableFields/1", R"({"jsonPath":".spec.color"})",
              R"(spec.versions[0].selectableFields[1].jsonPath: Duplicate value: ".spec.color")"},
        Fault{
            "/spec/versions/0/selectableFields/0/jsonPath", R"(".metadata.labels")",
            R"(spec.versions[0].selectableFields[0].jsonPath: Invalid value: ".metadata.labels": must not point to fields in metadata)"}));

INSTANTIATE_TEST_SUITE_P(
    Structure, Faults,
    testing::Values(
        Fault{SCHEMA "/type", nullptr, AT ".type: Required value: must not be empty at the root"},
        Fault{SCHEMA "/type", R"("string")",
              AT R"(.type: Invalid value: "string": must be object at the root)"},
        Fault{SCHEMA "/properties/spec/properties/color", "{}",
              AT ".properties[spec].properties[color].type: Required value: must not be empty for "
                 "specified object fields"},
        Fault{
            SCHEMA "/properties/spec/properties/color", R"({"type":"text"})",
            AT
            R"(.properties[spec].properties[color].type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string")"},
        Fault{SCHEMA "/properties/list", R"({"type":"array"})",
              AT ".properties[list].items: Required value: must be specified"},
        Fault{SCHEMA "/properties/list", R"({"type":"array","items":{}})",
              AT ".properties[list].items.type: Required value: must not be empty for specified "
                 "array items"},
        Fault{SCHEMA "/properties/list", R"({"type":"array","items":[{"type":"string"}]})",
              AT
              ".properties[list].items: Forbidden: items must be a schema object and not an array"},
        Fault{SCHEMA "/properties/list",
              R"({"type":"array","uniqueItems":true,"items":{"type":"string"}})",
              AT
              ".properties[list].uniqueItems: Forbidden: uniqueItems cannot be set to true since "
              "the runtime complexity becomes quadratic"},
        Fault{SCHEMA "/properties/x", R"({"$ref":"#/x"})",
              AT ".properties[x].$ref: Forbidden: $ref is not supported"},
        Fault{
            SCHEMA "/properties/x", R"({"type":"string","pattern":"("})",
            AT
            R"x(.properties[x].pattern: Invalid value: "(": must be a valid regular expression, but isn't: missing ): ()x"},
        Fault{SCHEMA "/properties/x", R"({"type":"integer","minimum":"1"})",
              AT R"(.properties[x].minimum: Invalid value: "1": must be of type number)"},
        Fault{
            SCHEMA "/properties/x", R"({"type":"integer","default":"1"})",
            AT
            R"(.properties[x].default: Invalid value: "1": spec.versions[0].schema.openAPIV3Schema.properties[x].default in body must be of type integer: "string")"},
        Fault{SCHEMA "/properties/x", R"({"type":"object","default":{"a":1}})",
              AT
              R"(.properties[x].default: Invalid value: {"a":1}: must not have unknown fields: a)"},
        Fault{
            SCHEMA "/properties/x", R"({"type":"string","x-kubernetes-int-or-string":true})",
            AT
            ".properties[x].type: Forbidden: must be empty if x-kubernetes-int-or-string is true"},
        Fault{
            SCHEMA "/properties/x",
            R"({"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":{"type":"string"}})",
            AT ".properties[x].additionalProperties: Forbidden: additionalProperties and "
               "properties are mutual exclusive"},
        Fault{SCHEMA "/properties/x", R"({"type":"object","additionalProperties":false})",
              AT ".properties[x].additionalProperties: Forbidden: additionalProperties cannot be "
                 "set to false"},
        Fault{SCHEMA "/properties/x",
              R"({"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"map"})",
              AT ".properties[x].x-kubernetes-list-map-keys: Required value: must not be empty if "
                 "x-kubernetes-list-type is map"},
        Fault{
            SCHEMA "/properties/x",
            R"({"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","properties":{"k":{"type":"string"}}}})",
            AT ".properties[x].items.properties[k].default: Required value: this property is in "
               "x-kubernetes-list-map-keys, so it must have a default or be a required property"},
        Fault{SCHEMA "/properties/metadata",
              R"({"type":"object","properties":{"labels":{"type":"object"}}})",
              AT
              ".properties[metadata].properties: Forbidden: must not specify anything other than "
              "name and generateName, but metadata is implicitly specified"},
        Fault{SCHEMA "/anyOf", R"([{"properties":{"other":{"minLength":1}}}])",
              AT ".anyOf[0].properties[other]: Required value: because it is defined in a logical "
                 "junctor, it must be specified outside of it as well"},
        Fault{SCHEMA "/anyOf", R"([{"description":"x"}])",
              AT ".anyOf[0].description: Forbidden: must be empty to be structural"},
        Fault{SCHEMA "/properties/x",
              R"({"x-kubernetes-preserve-unknown-fields":false,"type":"object"})",
              AT ".properties[x].x-kubernetes-preserve-unknown-fields: Invalid value: false: must "
                 "be true or undefined"}));

TEST(Definition, WarnsOfWhatHasNoEffect) {
  Json crd = Crd();
  Json& spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
  spec["x-kubernetes-validations"] = *ParseJson(R"([{"rule":"self.replicas > 0"}])");
  spec["properties"]["color"]["format"] = "rgb";
  const auto parsed = ParseDefinition(crd);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ((*parsed)->warnings,
            (std::vector<std::string>{
                AT ".properties[spec].x-kubernetes-validations: accepted, but not evaluated",
                AT ".properties[spec].properties[color].format: unrecognized format \"rgb\""}));
}

TEST(Definition, ExtensionsAreForBuiltinKindsOnly) {
  Json crd = Crd();
  crd["spec"]["x-gantry-strategy"] = {{"noGeneration", true}};
  crd["spec"]["x-gantry-subresources"] = {"log"};
  const auto user = ParseDefinition(crd);
  ASSERT_TRUE(user.ok());
  EXPECT_FALSE((*user)->strategy.no_generation);
  EXPECT_TRUE((*user)->connect_subresources.empty());
  const auto builtin = ParseDefinition(crd, Origin::kBuiltin);
  ASSERT_TRUE(builtin.ok());
  EXPECT_TRUE((*builtin)->builtin);
  EXPECT_TRUE((*builtin)->strategy.no_generation);
  EXPECT_EQ((*builtin)->connect_subresources, std::vector<std::string>{"log"});

  crd["spec"]["x-gantry-strategy"] = {{"noGenerations", true}};
  EXPECT_FALSE(ParseDefinition(crd, Origin::kBuiltin).ok());
  crd["spec"].erase("x-gantry-strategy");
  crd["spec"]["group"] = "";
  crd["metadata"]["name"] = "widgets";
  EXPECT_TRUE(ParseDefinition(crd, Origin::kBuiltin).ok());
  EXPECT_FALSE(ParseDefinition(crd).ok());
}

}  // namespace
}  // namespace gantry::schema
