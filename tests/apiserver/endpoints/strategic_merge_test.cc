#include "apiserver/endpoints/strategic_merge.h"

#include <gtest/gtest.h>

#include "apis/machinery/schema/schema.h"

namespace gantry::apiserver {
namespace {

constexpr char kLists[] = R"({"type":"object","properties":{
  "tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"integer"}},
  "ports":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["p","q"],
    "items":{"type":"object","required":["p","q"],"properties":{
      "p":{"type":"integer"},"q":{"type":"string"},"n":{"type":"string"}}}}}})";

Result<Json> Merge(const Json& current, const Json& patch) {
  const auto schema = schema::Schema::Compile(*ParseJson(kLists), "schema");
  EXPECT_TRUE(schema.ok());
  return StrategicMerge((*schema)->root(), current, patch);
}

TEST(StrategicMerge, Lists) {
  struct Case {
    const char* current;
    const char* patch;
    const char* result;
  };
  const Case kCases[] = {
      {R"({"tags":[1,2]})", R"({"tags":[2,3,3]})", R"({"tags":[1,2,3]})"},
      {R"({"tags":[1,2,3]})", R"({"$deleteFromPrimitiveList/tags":[1,3,9]})", R"({"tags":[2]})"},
      {R"({"ports":[{"p":1,"q":"a","n":"x"},{"p":1,"q":"b"}]})",
       R"({"ports":[{"p":1,"q":"b","n":"y"},{"p":2,"q":"a"},{"p":2,"q":"a","n":"z"}]})",
       R"({"ports":[{"p":1,"q":"a","n":"x"},{"p":1,"q":"b","n":"y"},{"p":2,"q":"a","n":"z"}]})"},
      {R"({"ports":[{"p":1,"q":"a"},{"p":2,"q":"a"},{"p":3,"q":"a"}]})",
       R"({"ports":[{"p":2,"q":"a","$patch":"delete"},{"p":9,"q":"a","$patch":"delete"}]})",
       R"({"ports":[{"p":1,"q":"a"},{"p":3,"q":"a"}]})"},
      {R"({"ports":[{"p":1,"q":"a","n":"x"},{"p":2,"q":"a"}]})",
       R"({"ports":[{"p":1,"q":"a","$patch":"delete"},{"p":1,"q":"a","n":"y"}]})",
       R"({"ports":[{"p":2,"q":"a"},{"p":1,"q":"a","n":"y"}]})"},
      {R"({"ports":[{"p":1,"q":"a"}]})", R"({"ports":[{"p":2,"q":"b"},{"$patch":"replace"}]})",
       R"({"ports":[{"p":2,"q":"b"}]})"},
  };
  for (const Case& c : kCases) {
    const auto merged = Merge(*ParseJson(c.current), *ParseJson(c.patch));
    ASSERT_TRUE(merged.ok()) << c.patch << merged.error().message;
    EXPECT_EQ(*merged, *ParseJson(c.result)) << c.patch;
  }
}

// Each in a time that grows with the square of the items would take minutes.
TEST(StrategicMerge, ManyItemsTakeLittleTime) {
  constexpr int kMany = 50000;
  Json current = {{"tags", Json::array()}, {"ports", Json::array()}};
  Json patch = current;
  for (int i = 0; i < kMany; ++i) {
    current["tags"].push_back(i);
    current["ports"].push_back({{"p", i}, {"q", "a"}});
    patch["tags"].push_back(kMany + i);
    patch["ports"].push_back({{"p", kMany + i}, {"q", "a"}});
  }
  const auto merged = Merge(current, patch);
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ((*merged)["tags"].size(), 2u * kMany);
  EXPECT_EQ((*merged)["ports"].size(), 2u * kMany);
  for (Json& item : patch["ports"]) item["$patch"] = "delete";
  const Json tags = patch["tags"];
  patch.erase("tags");
  patch["$deleteFromPrimitiveList/tags"] = tags;
  const auto back = Merge(*merged, patch);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, current);
}

}  // namespace
}  // namespace gantry::apiserver
