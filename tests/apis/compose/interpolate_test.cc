#include "apis/compose/interpolate.h"

#include <gtest/gtest.h>

namespace gantry::compose {
namespace {

struct Case {
  const char* text;
  const char* want;     // after the substitution
  const char* missing;  // names without a value, separated by commas
};

std::string Joined(const std::vector<Interpolator::Missing>& missing) {
  std::string out;
  for (const auto& m : missing) out += (out.empty() ? "" : ",") + m.name;
  return out;
}

TEST(Interpolate, Forms) {
  const std::map<std::string, std::string> parameters = {
      {"A", "one"}, {"EMPTY", ""}, {"_b2", "two"}, {"REF", "$A"}};
  const std::map<std::string, std::string> none;
  const Case cases[] = {
      {"plain", "plain", ""},
      {"", "", ""},
      {"$A", "one", ""},
      {"${A}", "one", ""},
      {"x${A}y$_b2-",
       "xoney"
       "two-",
       ""},
      {"$$A", "$A", ""},
      {"$${A}", "${A}", ""},
      {"$$$A", "$one", ""},
      {"$EMPTY.", ".", ""},
      {"$NO", "", "NO"},
      {"${NO}${NO}$OTHER", "", "NO,OTHER"},
      {"${NO:-def}", "def", ""},
      {"${NO-def}", "def", ""},
      {"${A:-def}", "one", ""},
      {"${EMPTY:-def}", "def", ""},
      {"${EMPTY-def}", "", ""},
      {"${NO:-}", "", ""},
      {"${NO:-a:b-c?d+e}", "a:b-c?d+e", ""},
      {"${NO:-${A}}", "one", ""},
      {"${NO:-${OTHER:-${A}!}}", "one!", ""},
      {"${NO:-$OTHER}", "", "OTHER"},
      {"${A:-$OTHER}", "one", ""},
      {"${NO:-$${A}", "${A", ""},
      {"${A:+alt}", "alt", ""},
      {"${EMPTY:+alt}", "", ""},
      {"${EMPTY+alt}", "alt", ""},
      {"${NO:+alt}", "", ""},
      {"${A:+<$_b2>}", "<two>", ""},
      {"${A:?tell me}", "one", ""},
      {"${NO:?tell me}", "", "NO"},
      {"${EMPTY:?tell me}", "", "EMPTY"},
      {"${EMPTY?tell me}", "", ""},
      {"${NO?}", "", "NO"},
      {"$REF", "$A", ""},  // a value is never substituted again
      {"price: 5 ${A}", "price: 5 one", ""},
  };
  for (const Case& c : cases) {
    Interpolator variables(&parameters, &none);
    const auto got = variables.Expand(c.text);
    ASSERT_TRUE(got.ok()) << c.text << ": " << got.error().message;
    EXPECT_EQ(got->text, c.want) << c.text;
    EXPECT_EQ(Joined(variables.missing()), c.missing) << c.text;
    EXPECT_FALSE(got->secret()) << c.text;
  }
}

TEST(Interpolate, Malformed) {
  const std::map<std::string, std::string> none;
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "${A:-";
  deep += std::string(100, '}');
  const std::string malformed[] = {"$",         "a$ b",    "$1",     "${",    "${A",
                                   "${}",       "${1}",    "${A B}", "${A:}", "${A:=x}",
                                   "${A:-${B}", "${A:-$}", deep};
  for (const std::string& text : malformed) {
    Interpolator variables(&none, &none);
    EXPECT_FALSE(variables.Expand(text).ok()) << text;
  }
}

TEST(Interpolate, MessagesAndUses) {
  const std::map<std::string, std::string> parameters = {{"A", "1"}};
  const std::map<std::string, std::string> none;
  Interpolator variables(&parameters, &none);
  ASSERT_TRUE(variables.Expand("${PW}${PW:?set a password}").ok());
  ASSERT_EQ(variables.missing().size(), 1u);
  EXPECT_EQ(variables.missing()[0].message, "set a password");
  ASSERT_TRUE(variables.Expand("${A:-$UNNEEDED}").ok());
  EXPECT_EQ(variables.used(), (std::set<std::string>{"A", "PW", "UNNEEDED"}));
}

TEST(Interpolate, Secrets) {
  const std::map<std::string, std::string> parameters = {{"USER", "u"}, {"BOTH", "open"}};
  const std::map<std::string, std::string> secrets = {{"PW", "hidden"}, {"BOTH", "hidden"}};
  Interpolator variables(&parameters, &secrets);
  const auto url = variables.Expand("http://$USER:$PW@db");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->text, "http://u:hidden@db");
  EXPECT_EQ(url->first_secret, 9u);
  EXPECT_EQ(url->secret_name, "PW");
  EXPECT_TRUE(variables.Expand("${NO:-$PW}")->secret());
  EXPECT_FALSE(variables.Expand("${USER:-$PW}")->secret());
  EXPECT_FALSE(variables.Expand("${PW:+yes}")->secret());
  EXPECT_EQ(variables.Expand("$BOTH")->text, "open");
  EXPECT_FALSE(variables.Expand("$BOTH")->secret());
}

}  // namespace
}  // namespace gantry::compose
