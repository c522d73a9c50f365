#include "apis/machinery/yaml/yaml.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::yaml {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Json One(std::string_view text) {
  auto documents = ParseYaml(text);
  EXPECT_TRUE(documents.ok()) << text << ": " << documents.error().message;
  if (!documents.ok() || documents->size() != 1) return "not one document";
  return (*documents)[0].value;
}

std::string ErrorOf(std::string_view text) {
  auto documents = ParseYaml(text);
  if (documents.ok()) return "no error";
  EXPECT_EQ(documents.code(), Code::kBadRequest);
  return documents.error().message;
}

TEST(ParseYamlTest, ResolvesScalars) {
  const struct {
    const char* text;
    const char* json;
  } kCases[] = {
      {"true", "true"},
      {"True", "true"},
      {"FALSE", "false"},
      {"yes", "\"yes\""},
      {"no", "\"no\""},
      {"on", "\"on\""},
      {"off", "\"off\""},
      {"y", "\"y\""},
      {"null", "null"},
      {"~", "null"},
      {"", "null"},
      {"'null'", "\"null\""},
      {"\"true\"", "\"true\""},
      {"'12'", "\"12\""},
      {"12", "12"},
      {"-3", "-3"},
      {"+7", "7"},
      {"0", "0"},
      {"0x1F", "31"},
      {"0o17", "15"},
      {"017", "15"},
      {"08", "8"},
      {"0b101", "5"},
      {"1_000", "1000"},
      {"1.5", "1.5"},
      {"1.0", "1"},
      {"1e3", "1000"},
      {".5", "0.5"},
      {"1.", "1"},
      {"-", "[null]"},
      {"-x", "\"-x\""},
      {"1.2.3", "\"1.2.3\""},
      {"22:22", "\"22:22\""},
      {"1d", "\"1d\""},
      {"0x", "\"0x\""},
      {"_1", "\"_1\""},
      {"-_1", "\"-_1\""},
      {"512m", "\"512m\""},
      {"2024-01-02", "\"2024-01-02\""},
      {"!!str 12", "\"12\""},
      {"!!int '12'", "12"},
      {"!!str", "\"\""},
      {"9223372036854775807", "9223372036854775807"},
      {"9223372036854775808", "9223372036854775808"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"1e400", "\"1e400\""},
  };
  for (const auto& c : kCases) {
    const Json got = One(std::string("v: ") + (c.text == std::string("-") ? "\n- " : c.text));
    EXPECT_EQ(got, Json({{"v", Json::parse(c.json)}})) << c.text;
  }
}

TEST(ParseYamlTest, KeepsTheSpellingOfKeys) {
  EXPECT_EQ(One("80: a\non: b\ntrue: c\n1.10: d"),
            Json({{"80", "a"}, {"on", "b"}, {"true", "c"}, {"1.10", "d"}}));
}

TEST(ParseYamlTest, SplitsStreamsAndSkipsEmptyDocuments) {
  auto documents = ParseYaml("# nothing\n---\na: 1\n---\n# nothing\n---\nb: 2\n...\nc: 3\n");
  ASSERT_TRUE(documents.ok()) << documents.error().message;
  ASSERT_EQ(documents->size(), 3u);
  EXPECT_EQ((*documents)[0].value, Json({{"a", 1}}));
  EXPECT_EQ((*documents)[1].value, Json({{"b", 2}}));
  EXPECT_EQ((*documents)[2].value, Json({{"c", 3}}));
  EXPECT_EQ((*documents)[1].start.line, 7);
  EXPECT_TRUE(ParseYaml("")->empty());
  EXPECT_TRUE(ParseYaml("\n# only a comment\n")->empty());
}

TEST(ParseYamlTest, WhatBeginsNoDocumentIsRefused) {
  EXPECT_FALSE(ParseYaml("a\n...\n,").ok());
  EXPECT_FALSE(ParseYaml("a: 1\n...\n]\n").ok());
}

TEST(ParseYamlTest, TakesManyDocumentsAndMergedKeysInLinearTime) {
  std::string stream, map = "a: &a\n";
  for (int i = 0; i < 50'000; ++i) {
    stream += "---\n";
    map += "  k" + std::to_string(i) + ": 1\n";
  }
  EXPECT_EQ(ParseYaml(stream + "- 1\n")->size(), 1u);
  EXPECT_EQ(One(map + "b: {<<: *a}\n")["b"].size(), 50'000u);
}

TEST(ParseYamlTest, EscapesAreCharacters) {
  EXPECT_EQ(One(R"("x\N\_y")"), Json("x\xC2\x85\xC2\xA0y"));
}

TEST(ParseYamlTest, ReadsBlockScalarsAndFlow) {
  EXPECT_EQ(One("a: |\n  x\n   y\n\nb: >-\n  p\n  q\nc: {d: [1, two]}"),
            Json::parse(R"({"a":"x\n y\n","b":"p q","c":{"d":[1,"two"]}})"));
}

TEST(ParseYamlTest, ReadsJsonWithTabs) {
  EXPECT_EQ(One("{\n\t\"a\": [1, 2],\n\t\"b\": \"x\\u00e9\"\n}\n"),
            Json::parse(R"({"a":[1,2],"b":"xé"})"));
}

TEST(ParseYamlTest, ExpandsAliasesAndMergeKeys) {
  EXPECT_EQ(One("base: &b {x: 1, y: 2}\nuse: *b\nmerged: {<<: *b, y: 3}\n"
                "both: {<<: [{x: 9}, *b]}"),
            Json::parse(R"({"base":{"x":1,"y":2},"use":{"x":1,"y":2},"merged":{"x":1,"y":3},
                            "both":{"x":9,"y":2}})"));
  EXPECT_THAT(ErrorOf("a: {<<: 3}"), HasSubstr("a merge key takes a map"));
}

TEST(ParseYamlTest, RefusesWhatGrowsWithoutBound) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) laughs += (k ? ", *a" : "*a") + std::to_string(i - 1);
    laughs += "]\n";
  }
  EXPECT_THAT(ErrorOf(laughs), HasSubstr("aliases expand to too much"));
  std::string wide;
  for (size_t i = 0; i < kMaxNodes; ++i) wide += "-\n";
  EXPECT_THAT(ErrorOf(wide), HasSubstr("more than 200000 keys and values"));
  EXPECT_THAT(ErrorOf("a: &a [1, *a]"), HasSubstr("contains itself"));
  for (const std::string open : {"[", "{a: ", "- ", "{\"a\":", "? "}) {
    std::string deep;
    for (int i = 0; i < 10000; ++i) deep += open;
    EXPECT_THAT(ErrorOf(deep), HasSubstr("nested deeper than")) << open;
  }
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += std::string(i, ' ') + "a:\n";
  EXPECT_THAT(ErrorOf(lines), HasSubstr("nested deeper than"));
  std::string chain = "a0: &a0 [[[[[[[[[[x]]]]]]]]]]\n";
  for (int i = 1; i < 100; ++i) {
    chain += fmt::format("a{0}: &a{0} [[[[[[[[[[*a{1}]]]]]]]]]]\n", i, i - 1);
  }
  EXPECT_THAT(ErrorOf(chain), HasSubstr("nested deeper than"));
}

TEST(ParseYamlTest, ErrorsNameLineAndColumn) {
  EXPECT_THAT(ErrorOf("a: 1\nb: [1, 2\nc: 3\n"), StartsWith("yaml: line "));
  EXPECT_THAT(ErrorOf("spec:\n  x: 1\n  y: a: b\n"), StartsWith("yaml: line 3, column 7: "));
  EXPECT_THAT(ErrorOf("a: 1\n- b\n"), StartsWith("yaml: line 2, column 1: "));
  EXPECT_THAT(ErrorOf("a: *nobody"), StartsWith("yaml: line 1, column 4: "));
  EXPECT_THAT(ErrorOf("a: x\nb: \x04"), StartsWith("yaml: line 2, column 4: control"));
  EXPECT_THAT(ErrorOf("a: \xff"), StartsWith("yaml: line 1, column 4: invalid UTF-8"));
  EXPECT_THAT(ErrorOf("a: .inf"), StartsWith("yaml: line 1, column 4: .inf has no form"));
  EXPECT_THAT(ErrorOf("a: !ruby/object x"), HasSubstr("tag"));
  EXPECT_THAT(ErrorOf("a: !!int x"), HasSubstr("does not fit its tag"));
  EXPECT_THAT(ErrorOf("? [a]\n: b"), HasSubstr("a key must be a string"));
  EXPECT_THAT(ErrorOf("{\"a\": 1"), StartsWith("yaml: line 1"));
  EXPECT_THAT(ErrorOf("\tx: 1\n"), StartsWith("yaml: line 1"));
}

TEST(ParseYamlTest, RecordsDuplicateKeys) {
  auto documents = ParseYaml("a:\n  b: 1\n  c: 2\n  b: 3\nl:\n- x: 1\n  x: 2\n");
  ASSERT_TRUE(documents.ok());
  const YamlDocument& d = (*documents)[0];
  EXPECT_EQ(d.value, Json::parse(R"({"a":{"b":3,"c":2},"l":[{"x":2}]})"));
  ASSERT_EQ(d.duplicates.size(), 2u);
  EXPECT_EQ(d.duplicates[0].path, "a.b");
  EXPECT_EQ(d.duplicates[0].at.line, 4);
  EXPECT_EQ(d.duplicates[1].path, "l[0].x");
  EXPECT_EQ((*ParseYaml("{\"a\": 1, \"a\": 2}"))[0].duplicates.size(), 1u);
}

TEST(ParseYamlTest, FindsPositions) {
  auto documents = ParseYaml(
      "---\nmetadata:\n  labels:\n    gantry.dev/x: \"1\"\nspec:\n"
      "  ports:\n  - a\n  - {name: b}\n");
  ASSERT_TRUE(documents.ok());
  const PositionTree& at = (*documents)[0].positions;
  const struct {
    const char* path;
    int line, column;
  } kCases[] = {{"metadata.labels[gantry.dev/x]", 4, 19},
                {"spec.ports[0]", 7, 5},
                {"spec.ports[1].name", 8, 12},
                {"spec.ports[1].none", 8, 5},
                {"spec.ports[7]", 7, 3},
                {"", 2, 1}};
  for (const auto& c : kCases) {
    const auto found = at.Find(c.path);
    ASSERT_TRUE(found) << c.path;
    EXPECT_EQ(found->line, c.line) << c.path;
    EXPECT_EQ(found->column, c.column) << c.path;
  }
  EXPECT_FALSE(PositionTree().Find("a"));
}

TEST(ToYamlTest, WritesAsKubectlDoes) {
  const Json value = Json::parse(R"({
    "spec": {"ports": [{"name": "a", "port": 80}, {"name": "b"}], "empty": {}, "none": [],
             "nested": [[1, 2], [3]], "script": "a\n  b\n", "last": "x\ny"},
    "apiVersion": "gantry.dev/v1", "n": null, "f": 1.5,
    "quoted": ["true", "12", "yes", "", "a: b", "# c", "-", "- x", "*", "it's", "{a", "1.0", "null",
               "x:", "http://a", "-flag", "a\tb", "\u0001", "a#b", " lead", "0x1F", "2024-01-02"]})");
  EXPECT_EQ(ToYaml(value), R"(apiVersion: gantry.dev/v1
f: 1.5
"n": null
quoted:
- "true"
- "12"
- "yes"
- ""
- 'a: b'
- '# c'
- '-'
- '- x'
- '*'
- it's
- '{a'
- "1.0"
- "null"
- 'x:'
- http://a
- -flag
- "a\tb"
- "\u0001"
- a#b
- ' lead'
- "0x1F"
- "2024-01-02"
spec:
  empty: {}
  last: |-
    x
    y
  nested:
  - - 1
    - 2
  - - 3
  none: []
  ports:
  - name: a
    port: 80
  - name: b
  script: |
    a
      b
)");
  EXPECT_EQ(ToYaml(Json::object()), "{}\n");
  EXPECT_EQ(ToYaml("a\nb"), "|-\n  a\n  b\n");
}

TEST(ToYamlTest, WhatReadersDropIsEscaped) {
  const Json value = {{"\xEF\xBB\xBFkey", "a\xC2\x85"}, {"\xE2\x80\xA8", "\xE2\x80\xA9\nb\x7F"}};
  EXPECT_EQ(One(ToYaml(value)), value);
}

TEST(ToYamlTest, IsReadBackAsItWas) {
  const char* texts[] = {"a\nb",      "a\nb\n",     "a\n\n\nb\n\n\n",
                         "\na",       " a\nb",      "a\n b\n",
                         "\n",        " ",          "a ",
                         "a \nb",     "a\nb ",      "---",
                         "--- x",     "...",        "? a",
                         ": b",       "a :b",       "%x",
                         "@x",        "`x",         "!x",
                         "&x",        "|",          ">",
                         "a, b",      "[x]",        "x]",
                         "~",         "<<",         "=",
                         "\"q\"",     "'q'",        "é\n€",
                         "tab\there", "tab\t\nx",   "a\r\nb",
                         "0o7",       "1_0",        "+1",
                         ".",         ".5",         ".inf",
                         "-.inf",     ".nan",       "\x7f",
                         "a\\b",      "1e5",        "-",
                         "--",        "a: ",        "#",
                         "a #b",      "a\n#b\n",    "\ta",
                         "\ta\nb",    "a\n---\nb\n"};
  for (const char* text : texts) {
    const Json value = {{text, "key"}, {"top", text}, {"list", {text, {{"in", text}}, {{text}}}}};
    auto back = ParseYaml(ToYaml(value));
    ASSERT_TRUE(back.ok()) << ToYaml(value) << back.error().message;
    ASSERT_EQ(back->size(), 1u);
    EXPECT_EQ((*back)[0].value, value) << ToYaml(value);
  }
}

}  // namespace
}  // namespace gantry::yaml
