#include "apis/machinery/base/json_slice.h"

#include <gtest/gtest.h>

#include "apis/machinery/base/json.h"

namespace gantry {
namespace {

TEST(JsonMember, CutsOutValuesOfEveryType) {
  const Json object = {{"array", {1, {{"x", "]"}}, "a,b"}},
                       {"bool", true},
                       {"empty", Json::object()},
                       {"number", -12.5},
                       {"nothing", nullptr},
                       {"object", {{"array", {{"deep", "}\"{"}}}, {"z", 1}}},
                       {"text", "with \"quotes\", a slash \\ and \\\" both"},
                       {"tail\\", "ends with a slash \\"},
                       {"zzz", 0}};
  const std::string text = DumpJson(object);
  for (const auto& [key, value] : object.items()) {
    if (key == "tail\\") continue;  // keys with escapes are not looked for
    EXPECT_EQ(JsonMember(text, key), DumpJson(value)) << key;
  }
}

TEST(JsonMember, FindsOnlyMembersOfTheObjectItself) {
  const std::string text = R"({"a":{"b":1,"c":"\"b\":2"},"d":["b"]})";
  EXPECT_EQ(JsonMember(text, "b"), "");
  EXPECT_EQ(JsonMember(text, "c"), "");
  EXPECT_EQ(JsonMember(text, "d"), R"(["b"])");
  EXPECT_EQ(JsonMember("{}", "a"), "");
  EXPECT_EQ(JsonMember("", "a"), "");
}

TEST(JsonMember, StopsAtTheEndOfWhatIsCutShort) {
  const std::string text = R"({"a":{"b":[1,2,{"c":"x\"y"}],"d":"e"},"f":"g"})";
  for (size_t size = 0; size < text.size(); ++size) {
    JsonMember(std::string_view(text).substr(0, size), "f");
  }
}

TEST(HasManyValues, CountsOutsideOfTexts) {
  const std::string commas(1000, ',');
  EXPECT_FALSE(HasManyValues("[\"" + commas + "\\\"" + commas + "\"]", 10));
  EXPECT_FALSE(HasManyValues("{\"a\":[1,2,3]}          ", 4));
  EXPECT_TRUE(HasManyValues("{\"a\":[1,2,3]}          ", 3));
  EXPECT_TRUE(HasManyValues("[" + commas, 1000));
  EXPECT_FALSE(HasManyValues("[" + commas, 1001));
  EXPECT_FALSE(HasManyValues("\"" + commas, 10));
}

}  // namespace
}  // namespace gantry
