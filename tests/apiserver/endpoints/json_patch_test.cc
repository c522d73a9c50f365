#include "apiserver/endpoints/json_patch.h"

#include <gtest/gtest.h>

namespace gantry::apiserver {
namespace {

Result<Json> Patch(const char* document, const char* patch) {
  const Json operations = *ParseJson(patch);
  EXPECT_TRUE(CheckJsonPatch(operations).ok()) << patch;
  return ApplyJsonPatch(operations, *ParseJson(document));
}

TEST(JsonPatch, Applies) {
  struct Case {
    const char* document;
    const char* patch;
    const char* result;
  };
  const Case kCases[] = {
      {R"({"a":1})", R"([{"op":"add","path":"/b","value":2}])", R"({"a":1,"b":2})"},
      {R"({"a":[1,3]})", R"([{"op":"add","path":"/a/1","value":2}])", R"({"a":[1,2,3]})"},
      {R"({"a":[1]})", R"([{"op":"add","path":"/a/-","value":2}])", R"({"a":[1,2]})"},
      {R"({"a":1})", R"([{"op":"add","path":"","value":{"b":2}}])", R"({"b":2})"},
      {R"({"a":1,"b":2})", R"([{"op":"remove","path":"/a"}])", R"({"b":2})"},
      {R"({"a":[1,2]})", R"([{"op":"remove","path":"/a/0"}])", R"({"a":[2]})"},
      {R"({"a":{"b":1}})", R"([{"op":"replace","path":"/a/b","value":null}])",
       R"({"a":{"b":null}})"},
      {R"({"a":1,"b":{}})", R"([{"op":"move","from":"/a","path":"/b/c"}])", R"({"b":{"c":1}})"},
      {R"({"a":1})", R"([{"op":"move","from":"/a","path":"/a"}])", R"({"a":1})"},
      {R"({"a":[1]})", R"([{"op":"copy","from":"/a","path":"/b"}])", R"({"a":[1],"b":[1]})"},
      {R"({"a":1})", R"([{"op":"test","path":"/a","value":1.0}])", R"({"a":1})"},
      {R"({"a":1})", R"([{"op":"test","path":"/b","value":null}])", R"({"a":1})"},
      {R"({"x/y":1,"~1":2,"":3})",
       R"([{"op":"remove","path":"/x~1y"},{"op":"remove","path":"/~01"},{"op":"remove","path":"/"}])",
       "{}"},
  };
  for (const Case& c : kCases) {
    const auto got = Patch(c.document, c.patch);
    ASSERT_TRUE(got.ok()) << c.patch << got.error().message;
    EXPECT_EQ(*got, *ParseJson(c.result)) << c.patch;
  }
}

TEST(JsonPatch, RefusesWhatDoesNotApply) {
  for (const char* patch : {
           R"([{"op":"add","path":"/text/b","value":1}])",
           R"([{"op":"add","path":"/none/b","value":1}])",
           R"([{"op":"add","path":"/list/3","value":1}])",
           R"([{"op":"add","path":"/list/01","value":1}])",
           R"([{"op":"add","path":"/list/-1","value":1}])",
           R"([{"op":"add","path":"/b"}])",
           R"([{"op":"add","path":"b","value":1}])",
           R"([{"op":"remove","path":""}])",
           R"([{"op":"remove","path":"/list/-"}])",
           R"([{"op":"remove","path":"/text/0"}])",
           R"([{"op":"replace","path":"/none","value":1}])",
           R"([{"op":"move","from":"/map","path":"/map/b"}])",
           R"([{"op":"move","path":"/b"}])",
           R"([{"op":"copy","from":"/none","path":"/b"}])",
           R"([{"op":"test","path":"/text","value":"y"}])",
           R"([{"op":"test","path":"/none","value":1}])",
           R"([{"op":"merge","path":"/b","value":1}])",
       }) {
    const auto got = Patch(R"({"text":"x","list":[1,2],"map":{}})", patch);
    ASSERT_FALSE(got.ok()) << patch;
    EXPECT_EQ(got.code(), Code::kInvalid) << patch;
  }
}

TEST(JsonPatch, DoesNotGrowWithoutBound) {
  Json copies = Json::array(), wraps = Json::array();
  for (int i = 0; i < 64; ++i) {
    const std::string path = "/a/" + std::to_string(i);
    copies.push_back({{"op", "copy"}, {"from", "/a"}, {"path", path}});
  }
  for (int i = 0; i < 600; ++i) {
    wraps.push_back({{"op", "add"}, {"path", "/w"}, {"value", Json::object()}});
    wraps.push_back({{"op", "move"}, {"from", "/a"}, {"path", "/w/a"}});
    wraps.push_back({{"op", "move"}, {"from", "/w"}, {"path", "/a"}});
  }
  for (const Json& patch : {copies, wraps}) {
    const auto got = ApplyJsonPatch(patch, {{"a", {{"b", "c"}}}});
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.code(), Code::kInvalid);
  }
}

TEST(JsonPatch, MovesAreBounded) {
  Json document = {{"a", Json::array()}};
  for (int i = 0; i < 20000; ++i) document["a"].push_back(i);
  Json patch = Json::array();
  const auto move = [&patch](const char* from, const char* to) {
    patch.push_back({{"op", "move"}, {"from", from}, {"path", to}});
  };
  for (int i = 0; i < 100; ++i) {
    move("/a", "/b");
    move("/b", "/a");
  }
  const auto moved = ApplyJsonPatch(patch, document);
  ASSERT_TRUE(moved.ok());
  EXPECT_EQ(*moved, document);
  for (int i = 0; i < 1000; ++i) {
    move("/a", "/b");
    move("/b", "/a");
  }
  EXPECT_EQ(ApplyJsonPatch(patch, document).code(), Code::kInvalid);
}

}  // namespace
}  // namespace gantry::apiserver
