#include <gtest/gtest.h>

#include "apis/compose/keys.h"
#include "apis/compose/names.h"
#include "apis/compose/values.h"
#include "apis/compose/words.h"

namespace gantry::compose {
namespace {

using Words = std::vector<std::string>;

TEST(Words, SplitsAsAShell) {
  const std::pair<const char*, Words> cases[] = {
      {"", {}},
      {"  ", {}},
      {"sleep 10", {"sleep", "10"}},
      {" a\tb\nc ", {"a", "b", "c"}},
      {R"(sh -c "echo 'x y' && sleep 1")", {"sh", "-c", "echo 'x y' && sleep 1"}},
      {R"(echo 'a "b" \n')", {"echo", R"(a "b" \n)"}},
      {R"(a\ b c\\d "x\"y" "\q")", {"a b", R"(c\d)", R"(x"y)", R"(\q)"}},
      {R"("" '')", {"", ""}},
      {R"(a"b"'c'd)", {"abcd"}},
      {"a \\\n  b", {"a", "b"}},
  };
  for (const auto& [line, want] : cases) {
    const auto got = SplitWords(line);
    ASSERT_TRUE(got.ok()) << line;
    EXPECT_EQ(*got, want) << line;
  }
  EXPECT_FALSE(SplitWords("echo 'x").ok());
  EXPECT_FALSE(SplitWords("echo \"x").ok());
}

TEST(Names, PlainWherePossible) {
  const auto names = ObjectNames("shop", {"web", "my_db", "Cache.Main"});
  EXPECT_EQ(names.at("web"), "shop-web");
  EXPECT_EQ(names.at("my_db"), "shop-my-db");
  EXPECT_EQ(names.at("Cache.Main"), "shop-cache-main");
}

TEST(Names, CollisionsGetAHash) {
  const auto names = ObjectNames("shop", {"a-b", "a_b", "A-B", "___"});
  EXPECT_EQ(names.at("a-b"), "shop-a-b");
  EXPECT_EQ(names.at("a_b"), "shop-a-b-7fk6s");
  EXPECT_EQ(names.at("A-B"), "shop-a-b-sbn24");
  EXPECT_EQ(names.at("___").substr(0, 5), "shop-");
  std::set<std::string> different;
  for (const auto& [part, name] : names) {
    different.insert(name);
    EXPECT_EQ(name.find("--"), std::string::npos) << name;
  }
  EXPECT_EQ(different.size(), 4u);
}

TEST(Names, LongOnesAreCut) {
  const std::string long_a(60, 'a');
  const auto names = ObjectNames("shop", {long_a, long_a + "b", std::string(46, 'c')});
  EXPECT_EQ(names.at(long_a).size(), 51u);
  EXPECT_NE(names.at(long_a), names.at(long_a + "b"));
  EXPECT_EQ(names.at(std::string(46, 'c')), "shop-" + std::string(46, 'c'));
  EXPECT_EQ(ObjectNames("my.shop", {"web"}).at("web"), "my-shop-web");
}

TEST(Names, SecretKeys) {
  EXPECT_EQ(SecretKey("shop-web", "DB_URL"), "shop-web.DB_URL");
  const std::string odd = SecretKey("shop-web", "a b");
  EXPECT_EQ(odd.substr(0, 13), "shop-web.a_b-");
  EXPECT_NE(odd, SecretKey("shop-web", "a/b"));
  EXPECT_LE(SecretKey("shop-web", std::string(1000, 'x')).size(), 253u);
}

TEST(Keys, Nearest) {
  const Words keys = {"image", "ports", "environment", "volumes"};
  EXPECT_EQ(Nearest("imgae", keys), "image");
  EXPECT_EQ(Nearest("enviroment", keys), "environment");
  EXPECT_EQ(Nearest("Volumes", keys), "volumes");
  EXPECT_EQ(Nearest("xyz", keys), "");
  EXPECT_EQ(Nearest(std::string(100000, 'x'), keys), "");
}

TEST(Values, Bytes) {
  const std::pair<Json, int64_t> cases[] = {
      {"512m", 512 << 20}, {"1.5gb", 1610612736}, {"64", 64}, {1048576, 1048576},
      {"1 GiB", 1 << 30},  {"10k", 10240},        {"5b", 5}};
  for (const auto& [value, want] : cases) {
    Diagnostics diag;
    EXPECT_EQ(ReadBytes({value, "x"}, &diag), want) << value;
  }
  for (const Json& value :
       {Json("m"), Json("-1m"), Json("1q"), Json("9999999t"), Json(), Json(true), Json("1.2.3m")}) {
    Diagnostics diag;
    EXPECT_FALSE(ReadBytes({value, "x"}, &diag)) << value;
    EXPECT_EQ(diag.errors().size(), 1u);
  }
}

TEST(Values, SecondsAndWholes) {
  Diagnostics diag;
  EXPECT_EQ(ReadSeconds({"1m30s", "x"}, &diag), 90);
  EXPECT_EQ(ReadSeconds({"250ms", "x"}, &diag), 0.25);
  EXPECT_EQ(ReadWhole({"3", "x"}, 0, 5, &diag), 3);
  EXPECT_EQ(ReadBool({"True", "x"}, &diag), true);
  EXPECT_TRUE(diag.errors().empty());
  EXPECT_FALSE(ReadSeconds({30, "x"}, &diag));
  EXPECT_FALSE(ReadSeconds({"-5s", "x"}, &diag));
  EXPECT_FALSE(ReadWhole({2.5, "x"}, 0, 5, &diag));
  EXPECT_FALSE(ReadWhole({true, "x"}, 0, 5, &diag));
  EXPECT_FALSE(ReadWhole({"6", "x"}, 0, 5, &diag));
  EXPECT_EQ(diag.errors().size(), 5u);
}

}  // namespace
}  // namespace gantry::compose
