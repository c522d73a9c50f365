#include "apis/machinery/base/json_text.h"

#include <gtest/gtest.h>

#include <random>

#include "apis/machinery/base/json_fast.h"

namespace gantry {
namespace {

std::string Reference(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const char* const kTexts[] = {
    "null",
    "true",
    "[]",
    "{}",
    R"({"a":[1,-2,3.5,1e3,-0,-0.0,0.1,1.7976931348623157e308,5e-324],"b":{}})",
    R"([9223372036854775807,9223372036854775808,18446744073709551615,-9223372036854775808])",
    R"([18446744073709551616,123456789012345678901234567890,1.0,100000000000000000000.0])",
    R"({"text":"quote \" back \\ slash \/ \b\f\n\r\t \u0000 \u001f \u007f \u00e4 \ud83d\ude00"})",
    "{\"umlaut\":\"\xc3\xa4\xc3\xb6\",\"\xf0\x9f\x98\x80\":\"a key\"}",
    R"({"z":1,"y":{"x":[[[{"w":null}]]]},"":false})",
    R"({"long":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"bbbbbbbbbbbbbbbbbbbbbbbbbbbb\u0001"})",
    " \n[ 1 , { \"a\" : \"b\" } ]\t",
};

TEST(JsonText, ParsesAndWritesAsTheLibraryDoes) {
  for (const char* text : kTexts) {
    const Json expected = Json::parse(text);
    const Result<Json> parsed = ParseJson(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(*parsed, expected) << text;
    EXPECT_EQ(DumpJson(*parsed), Reference(expected)) << text;
    std::string appended = "before ";
    AppendJson(expected, &appended);
    EXPECT_EQ(appended, "before " + Reference(expected));
  }
}

TEST(JsonText, WritesAnyBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 40, ' ');
    // Mostly plain, so that what is not stands at every offset.
    for (char& c : text) c = static_cast<char>(random() % 8 == 0 ? random() % 256 : 'a');
    std::string out;
    AppendJsonString(text, &out);
    EXPECT_EQ(out, Reference(text));
  }
}

TEST(JsonText, TheFastParserLeavesTheRareToTheOther) {
  const std::string deep(600, '[');
  const std::string big = "\"" + std::string(300 << 10, 'x') + "\"";
  for (const std::string& text :
       {std::string(""), std::string("{"), std::string("[1,]"), std::string("{\"a\":1}x"),
        std::string("\"\x01\""), std::string("\"\xff\""), std::string("\"\\ud800\""),
        std::string("{\"a\":1,\"a\":2}"), std::string("1e999"), std::string("[01]"),
        deep + std::string(600, ']'), big}) {
    Json out;
    EXPECT_FALSE(internal::ParseOrdinaryJson(text, 512, &out)) << text.substr(0, 40);
  }
  EXPECT_EQ(ParseJson(R"({"a":1,"a":2})")->dump(), R"({"a":2})");
  EXPECT_TRUE(ParseJson(big).ok());
  EXPECT_FALSE(ParseJson(deep + std::string(600, ']')).ok());
}

TEST(JsonText, DepthCountsAlikeInBothParsers) {
  for (const int depth : {1, 2, 3}) {
    const std::string nested = std::string(depth, '[') + std::string(depth, ']');
    std::vector<std::string> duplicates;
    EXPECT_TRUE(ParseJson(nested, &duplicates, depth).ok());
    EXPECT_FALSE(ParseJson(nested, &duplicates, depth - 1).ok());
    Json out;
    EXPECT_TRUE(internal::ParseOrdinaryJson(nested, depth, &out));
    EXPECT_FALSE(internal::ParseOrdinaryJson(nested, depth - 1, &out));
  }
}

}  // namespace
}  // namespace gantry
