#include "apis/machinery/schema/schema.h"

#include <gtest/gtest.h>

namespace gantry::schema {
namespace {

Json Parse(std::string_view text) {
  Result<Json> json = ParseJson(text);
  EXPECT_TRUE(json.ok()) << text;
  return json.ok() ? *json : Json();
}

std::shared_ptr<const Schema> CompileOrDie(const Json& openapi) {
  auto schema = Schema::Compile(openapi, "s");
  EXPECT_TRUE(schema.ok()) << (schema.ok() ? "" : schema.error().message);
  return schema.ok() ? *schema : Schema::Any();
}

// A schema whose spec has the one property `x`.
std::shared_ptr<const Schema> SchemaOfX(std::string_view x) {
  return CompileOrDie(
      {{"type", "object"},
       {"properties", {{"spec", {{"type", "object"}, {"properties", {{"x", Parse(x)}}}}}}}});
}

std::vector<std::string> Lines(const FieldErrors& errors) {
  std::vector<std::string> out;
  for (const FieldError& e : errors) out.push_back(e.ToString());
  return out;
}

struct Case {
  const char* schema;  // of spec.x
  const char* value;   // of spec.x
  std::vector<std::string> want;
};

class Validation : public testing::TestWithParam<Case> {};

TEST_P(Validation, SpeaksLikeKubernetes) {
  const auto schema = SchemaOfX(GetParam().schema);
  const Json object = {{"apiVersion", "a/v1"},
                       {"kind", "K"},
                       {"metadata", {{"name", "n"}}},
                       {"spec", {{"x", Parse(GetParam().value)}}}};
  EXPECT_EQ(Lines(schema->Validate(object)), GetParam().want)
      << GetParam().schema << " " << GetParam().value;
}

INSTANTIATE_TEST_SUITE_P(
    Table, Validation,
    testing::Values(
        // Types.
        Case{R"({"type":"integer"})", "3", {}},
        Case{
            R"({"type":"integer"})",
            R"("three")",
            {R"(spec.x: Invalid value: "three": spec.x in body must be of type integer: "string")"}},
        Case{R"({"type":"integer"})",
             "3.5",
             {R"(spec.x: Invalid value: 3.5: spec.x in body must be of type integer: "number")"}},
        Case{R"({"type":"number"})", "3", {}}, Case{R"({"type":"number"})", "3.5", {}},
        Case{R"({"type":"number"})",
             "true",
             {R"(spec.x: Invalid value: true: spec.x in body must be of type number: "boolean")"}},
        Case{R"({"type":"boolean"})",
             R"("yes")",
             {R"(spec.x: Invalid value: "yes": spec.x in body must be of type boolean: "string")"}},
        Case{R"({"type":"string"})",
             "1",
             {R"(spec.x: Invalid value: 1: spec.x in body must be of type string: "integer")"}},
        Case{R"({"type":"object"})",
             "[]",
             {R"(spec.x: Invalid value: []: spec.x in body must be of type object: "array")"}},
        Case{R"({"type":"array","items":{"type":"string"}})",
             "{}",
             {R"(spec.x: Invalid value: {}: spec.x in body must be of type array: "object")"}},
        Case{
            R"({"type":"array","items":{"type":"string"}})",
            R"(["a", 2, "c", null])",
            {R"(spec.x[1]: Invalid value: 2: spec.x[1] in body must be of type string: "integer")",
             R"(spec.x[3]: Invalid value: null: spec.x[3] in body must be of type string: "null")"}},
        Case{R"({"type":"string"})",
             "null",
             {R"(spec.x: Invalid value: null: spec.x in body must be of type string: "null")"}},
        Case{R"({"type":"string","nullable":true})", "null", {}},
        Case{R"({"type":"string","nullable":true,"enum":["a"],"minLength":1})", "null", {}},
        Case{R"({"type":"string","nullable":true})",
             "1",
             {R"(spec.x: Invalid value: 1: spec.x in body must be of type string: "integer")"}},
        Case{R"({"x-kubernetes-int-or-string":true})", "80", {}},
        Case{R"({"x-kubernetes-int-or-string":true})", R"("http")", {}},
        Case{
            R"({"x-kubernetes-int-or-string":true})",
            "true",
            {R"(spec.x: Invalid value: true: spec.x in body must be of type integer,string: "boolean")"}},
        Case{
            R"({"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]})",
            "1",
            {}},
        Case{R"({"x-kubernetes-preserve-unknown-fields":true})", R"({"a":[1,{"b":null}]})", {}},
        // Numbers.
        Case{R"({"type":"integer","minimum":0})",
             "-3",
             {"spec.x: Invalid value: -3: spec.x in body should be greater than or equal to 0"}},
        Case{R"({"type":"integer","minimum":0,"exclusiveMinimum":true})",
             "0",
             {"spec.x: Invalid value: 0: spec.x in body should be greater than 0"}},
        Case{
            R"({"type":"integer","maximum":65535})",
            "65536",
            {"spec.x: Invalid value: 65536: spec.x in body should be less than or equal to 65535"}},
        Case{R"({"type":"number","maximum":1.5,"exclusiveMaximum":true})",
             "1.5",
             {"spec.x: Invalid value: 1.5: spec.x in body should be less than 1.5"}},
        Case{R"({"type":"integer","maximum":100.0})",
             "101",
             {"spec.x: Invalid value: 101: spec.x in body should be less than or equal to 100"}},
        Case{R"({"type":"integer","multipleOf":5})", "10", {}},
        Case{R"({"type":"integer","multipleOf":5})",
             "7",
             {"spec.x: Invalid value: 7: spec.x in body should be a multiple of 5"}},
        Case{R"({"type":"integer","format":"int32"})", "2147483647", {}},
        Case{
            R"({"type":"integer","format":"int32"})",
            "2147483648",
            {R"(spec.x: Invalid value: 2147483648: spec.x in body must be of type int32: "2147483648")"}},
        Case{
            R"({"type":"integer","format":"int64"})",
            "18446744073709551615",
            {R"(spec.x: Invalid value: 18446744073709551615: spec.x in body must be of type int64: "18446744073709551615")"}},
        // Strings.
        Case{R"({"type":"string","minLength":1})",
             R"("")",
             {R"(spec.x: Invalid value: "": spec.x in body should be at least 1 chars long)"}},
        Case{R"({"type":"string","maxLength":3})", R"("äöü")", {}},
        Case{R"({"type":"string","maxLength":3})",
             R"("abcd")",
             {"spec.x: Too long: may not be more than 3 bytes"}},
        Case{R"({"type":"string","pattern":"^[a-z]+$"})", R"("abc")", {}},
        Case{R"({"type":"string","pattern":"^[a-z]+$"})",
             R"("aBc")",
             {R"(spec.x: Invalid value: "aBc": spec.x in body should match '^[a-z]+$')"}},
        Case{R"({"type":"string","pattern":"b"})", R"("abc")", {}},
        Case{R"({"type":"string","enum":["Always","Never"]})",
             R"("Sometimes")",
             {R"(spec.x: Unsupported value: "Sometimes": supported values: "Always", "Never")"}},
        Case{R"({"type":"integer","enum":[1,2]})",
             "3",
             {R"(spec.x: Unsupported value: 3: supported values: "1", "2")"}},
        Case{R"({"type":"string","format":"date-time"})", R"("2026-11-21T11:34:00+01:00")", {}},
        Case{R"({"type":"string","format":"date-time"})", R"("0001-01-01T00:00:00Z")", {}},
        Case{R"({"type":"string","format":"date"})", R"("1500-02-28")", {}},
        Case{
            R"({"type":"string","format":"date"})",
            R"("2026-02-31")",
            {R"(spec.x: Invalid value: "2026-02-31": spec.x in body must be of type date: "2026-02-31")"}},
        Case{
            R"({"type":"string","format":"date-time"})",
            R"("yesterday")",
            {R"(spec.x: Invalid value: "yesterday": spec.x in body must be of type date-time: "yesterday")"}},
        Case{
            R"({"type":"string","format":"ipv4"})",
            R"("10.0.0.256")",
            {R"(spec.x: Invalid value: "10.0.0.256": spec.x in body must be of type ipv4: "10.0.0.256")"}},
        Case{R"({"type":"string","format":"cidr"})", R"("10.0.0.0/8")", {}},
        Case{
            R"({"type":"string","format":"cidr"})",
            R"("10.0.0.0/33")",
            {R"(spec.x: Invalid value: "10.0.0.0/33": spec.x in body must be of type cidr: "10.0.0.0/33")"}},
        Case{R"({"type":"string","format":"duration"})", R"("1h30m")", {}},
        Case{R"({"type":"string","format":"byte"})", R"("aGk=")", {}},
        Case{R"({"type":"string","format":"byte"})",
             R"("a-b")",
             {R"(spec.x: Invalid value: "a-b": spec.x in body must be of type byte: "a-b")"}},
        Case{R"({"type":"string","format":"made-up"})", R"("anything")", {}}));

INSTANTIATE_TEST_SUITE_P(
    Structures, Validation,
    testing::Values(
        Case{
            R"({"type":"object","required":["a","b"],"properties":{"a":{"type":"string"},"b":{"type":"string"}}})",
            R"({"b":"x"})",
            {"spec.x.a: Required value"}},
        Case{R"({"type":"object","additionalProperties":{"type":"string"}})",
             R"({"k":"v","n":1})",
             {R"(spec.x.n: Invalid value: 1: spec.x.n in body must be of type string: "integer")"}},
        Case{R"({"type":"object","maxProperties":1,"additionalProperties":{"type":"string"}})",
             R"({"k":"v","n":"1"})",
             {"spec.x: Too many: 2: must have at most 1 items"}},
        Case{R"({"type":"object","minProperties":1,"additionalProperties":{"type":"string"}})",
             "{}",
             {"spec.x: Invalid value: {}: spec.x in body should have at least 1 properties"}},
        Case{R"({"type":"array","maxItems":1,"items":{"type":"string"}})",
             R"(["a","b"])",
             {"spec.x: Too many: 2: must have at most 1 items"}},
        Case{R"({"type":"array","minItems":1,"items":{"type":"string"}})",
             "[]",
             {"spec.x: Invalid value: []: spec.x in body should have at least 1 items"}},
        Case{R"({"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}})",
             R"(["a","b","a"])",
             {R"(spec.x[2]: Duplicate value: "a")"}},
        Case{
            R"({"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["port","proto"],
                 "items":{"type":"object","required":["port"],"properties":{"port":{"type":"integer"},"proto":{"type":"string","default":"TCP"}}}})",
            R"([{"port":1,"proto":"TCP"},{"port":1,"proto":"UDP"},{"port":1,"proto":"TCP"}])",
            {R"(spec.x[2]: Duplicate value: {"port":1,"proto":"TCP"})"}},
        Case{
            R"({"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true})",
            R"({"apiVersion":"v1","metadata":[]})",
            {"spec.x.kind: Required value: must not be empty",
             R"(spec.x.metadata: Invalid value: []: spec.x.metadata in body must be of type object: "array")"}},
        Case{
            R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"oneOf":[{"required":["a"]},{"required":["b"]}]})",
            "{}",
            {R"(spec.x: Invalid value: {}: "spec.x" must validate one and only one schema (oneOf). Found none valid)"}},
        Case{
            R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"oneOf":[{"required":["a"]},{"required":["b"]}]})",
            R"({"a":"","b":""})",
            {R"x(spec.x: Invalid value: {"a":"","b":""}: "spec.x" must validate one and only one schema (oneOf). Found 2 valid alternatives)x"}},
        Case{R"({"type":"integer","anyOf":[{"minimum":10},{"maximum":1}]})",
             "5",
             {R"x(spec.x: Invalid value: 5: "spec.x" must validate at least one schema (anyOf))x"}},
        Case{R"({"type":"string","not":{"pattern":"^x-"}})",
             R"("x-a")",
             {R"x(spec.x: Invalid value: "x-a": "spec.x" must not validate the schema (not))x"}},
        Case{R"({"type":"string","not":{"pattern":"^x-"}})", R"("a")", {}},
        Case{R"({"type":"string","not":{"enum":["a"]}})",
             R"("a")",
             {R"x(spec.x: Invalid value: "a": "spec.x" must not validate the schema (not))x"}},
        Case{R"({"type":"string","allOf":[{"minLength":2},{"pattern":"^a"}]})",
             R"("b")",
             {R"(spec.x: Invalid value: "b": spec.x in body should be at least 2 chars long)",
              R"(spec.x: Invalid value: "b": spec.x in body should match '^a')",
              R"x(spec.x: Invalid value: "b": "spec.x" must validate all the schemas (allOf))x"}},
        Case{
            R"({"type":"array","items":{"type":"object","properties":{"p":{"type":"integer","maximum":9}}}})",
            R"([{"p":1},{"p":10}])",
            {"spec.x[1].p: Invalid value: 10: spec.x[1].p in body should be less than or equal to "
             "9"}}));

TEST(Validate, ReportsEveryFault) {
  const auto schema = CompileOrDie(Parse(R"({"type":"object","required":["spec"],"properties":{
      "spec":{"type":"object","required":["image"],"properties":{
          "image":{"type":"string"},"replicas":{"type":"integer","minimum":0},
          "name":{"type":"string","pattern":"^[a-z]+$"}}}}})"));
  EXPECT_EQ(Lines(schema->Validate(Parse(R"({"spec":{"replicas":-1,"name":"A"}})"))),
            (std::vector<std::string>{
                "spec.image: Required value",
                R"(spec.name: Invalid value: "A": spec.name in body should match '^[a-z]+$')",
                "spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or "
                "equal to 0"}));
  EXPECT_EQ(Lines(schema->Validate(Parse(R"({"metadata":{"name":"a"}})"))),
            (std::vector<std::string>{"spec: Required value"}));
}

TEST(Validate, EndsALongListOfErrors) {
  const auto schema = SchemaOfX(
      R"({"type":"array","x-kubernetes-list-type":"set","items":{"type":"string","format":"uuid"}})");
  Json object = {{"spec", {{"x", Json::array()}}}};
  for (int i = 0; i < 10000; ++i) object["spec"]["x"].push_back("same");
  const size_t count = schema->Validate(object).size();
  EXPECT_GE(count, 100u);
  EXPECT_LE(count, 110u);
  object["spec"]["x"].push_back(1);
  EXPECT_LE(schema->Validate(object).size(), 110u);
}

TEST(Default, FillsInRecursivelyAndOnce) {
  const auto schema = CompileOrDie(Parse(R"({"type":"object","properties":{"spec":{"type":"object",
      "default":{},"properties":{
        "n":{"type":"integer","default":3},
        "opt":{"type":"string","nullable":true,"default":"d"},
        "ports":{"type":"array","items":{"type":"object","properties":{
            "proto":{"type":"string","default":"TCP"}}}},
        "map":{"type":"object","additionalProperties":{"type":"object","properties":{
            "k":{"type":"boolean","default":true}}}},
        "deep":{"type":"object","properties":{"x":{"type":"integer","default":1}}}}}}})"));
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"{}", R"({"spec":{"n":3,"opt":"d"}})"},
      {R"({"spec":{"n":null,"opt":null}})", R"({"spec":{"n":3,"opt":null}})"},
      {R"({"spec":{"n":1,"ports":[{},{"proto":"UDP"}]}})",
       R"({"spec":{"n":1,"opt":"d","ports":[{"proto":"TCP"},{"proto":"UDP"}]}})"},
      {R"({"spec":{"map":{"a":{},"b":{"k":false}}}})",
       R"({"spec":{"n":3,"opt":"d","map":{"a":{"k":true},"b":{"k":false}}}})"},
      // A null without a place of its own goes.
      {R"({"spec":{"deep":null,"ports":[{"proto":null}],"map":null,"x":null}})",
       R"({"spec":{"n":3,"opt":"d","ports":[{"proto":"TCP"}],"x":null}})"},
      {R"({"spec":{"deep":{}}})", R"({"spec":{"n":3,"opt":"d","deep":{"x":1}}})"},
      {R"({"spec":{"n":4.0}})", R"({"spec":{"n":4,"opt":"d"}})"},
      {R"({"spec":"wrong"})", R"({"spec":"wrong"})"}};
  for (const auto& [before, after] : cases) {
    Json object = Parse(before);
    schema->Default(&object);
    EXPECT_EQ(DumpJson(object), DumpJson(Parse(after)));
    const Json once = object;
    schema->Default(&object);
    EXPECT_EQ(object, once);
  }
}

TEST(Prune, DropsUnknownFieldsAndNamesThem) {
  const auto schema = CompileOrDie(Parse(R"({"type":"object","properties":{"spec":{"type":"object",
      "properties":{
        "a":{"type":"string"},
        "n":{"type":"integer"},
        "list":{"type":"array","items":{"type":"object","properties":{"p":{"type":"integer"}}}},
        "map":{"type":"object","additionalProperties":{"type":"object","properties":{"k":{"type":"string"}}}},
        "any":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{
            "known":{"type":"object","properties":{"p":{"type":"string"}}}}},
        "free":{"type":"object","additionalProperties":true},
        "res":{"type":"object","x-kubernetes-embedded-resource":true,"properties":{
            "spec":{"type":"object"}}}}}}})"));
  Json object =
      Parse(R"({"apiVersion":"a/v1","kind":"K","metadata":{"name":"n","nam":1,"labels":{"x":"y"}},
      "extra":1,"spec":{"a":"1","b":{"deep":1},"n":{"left":"alone"},
        "list":[{"p":1,"q":2},{"q":3}],"map":{"m":{"k":"","l":0}},
        "any":{"x":{"y":1},"known":{"p":"","q":1}},"free":{"z":{"w":1}},
        "res":{"apiVersion":"v1","kind":"X","metadata":{"name":"a","bad":1},"spec":{"gone":1},"gone":1}}})");
  std::vector<std::string> dropped;
  schema->Prune(&object, &dropped);
  EXPECT_EQ(dropped, (std::vector<std::string>{"extra", "metadata.nam", "spec.any.known.q",
                                               "spec.b", "spec.list[0].q", "spec.list[1].q",
                                               "spec.map.m.l", "spec.res.gone",
                                               "spec.res.metadata.bad", "spec.res.spec.gone"}));
  EXPECT_EQ(object,
            Parse(R"({"apiVersion":"a/v1","kind":"K","metadata":{"name":"n","labels":{"x":"y"}},
      "spec":{"a":"1","n":{"left":"alone"},"list":[{"p":1},{}],"map":{"m":{"k":""}},
        "any":{"x":{"y":1},"known":{"p":""}},"free":{"z":{"w":1}},
        "res":{"apiVersion":"v1","kind":"X","metadata":{"name":"a"},"spec":{}}}})"));
  const Json once = object;
  dropped.clear();
  schema->Prune(&object, &dropped);
  EXPECT_TRUE(dropped.empty());
  schema->Prune(&object, nullptr);
  EXPECT_EQ(object, once);
}

TEST(Any, AcceptsEverythingAndPrunesNothing) {
  Json object = Parse(R"({"x":{"y":[1]},"metadata":{"name":"a"}})");
  const Json before = object;
  std::vector<std::string> dropped;
  Schema::Any()->Default(&object);
  Schema::Any()->Prune(&object, &dropped);
  EXPECT_EQ(object, before);
  EXPECT_TRUE(dropped.empty());
  EXPECT_TRUE(Schema::Any()->Validate(object).empty());
  EXPECT_TRUE(Schema::Any()->root().preserve_unknown);
}

// As deep as a request may be, and as deep as a schema of such a request may be.
TEST(Depth, OfSchemaAndDocumentIsHarmless) {
  Json leaf = {{"type", "string"}};
  Json value = "x";
  for (int i = 0; i < 250; ++i) {
    leaf = {{"type", "object"}, {"properties", {{"a", leaf}}}};
    value = {{"a", value}};
  }
  const auto schema = CompileOrDie(leaf);
  EXPECT_TRUE(schema->Validate(value).empty());
  Json wrong = value;
  Json* at = &wrong;
  while (at->is_object()) at = &(*at)["a"];
  *at = 1;
  const FieldErrors errors = schema->Validate(wrong);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].field.size(), 250u * 2 - 1);

  const std::string deep = std::string(510, '[') + std::string(510, ']');
  const auto open = SchemaOfX(R"({"x-kubernetes-preserve-unknown-fields":true})");
  Json object = {{"spec", {{"x", Parse(deep)}}}};
  open->Default(&object);
  open->Prune(&object, nullptr);
  EXPECT_TRUE(open->Validate(object).empty());
}

}  // namespace
}  // namespace gantry::schema
