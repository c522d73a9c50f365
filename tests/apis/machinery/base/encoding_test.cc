#include "apis/machinery/base/encoding.h"

#include <gtest/gtest.h>

namespace gantry {
namespace {

TEST(Base64, FollowsTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : cases) {
    EXPECT_EQ(Base64Encode(plain), encoded);
    EXPECT_EQ(Base64Decode(encoded), plain);
  }
  EXPECT_EQ(Base64Decode("Zm9v\nYmFy\n"), "foobar");
  for (const char* bad : {"Zg", "Zg=", "Z===", "Zm9v!", "Zg==Zg=="})
    EXPECT_EQ(Base64Decode(bad), std::nullopt) << bad;
}

TEST(StableHash, NeverChanges) {
  EXPECT_EQ(StableHash(""), "cbf29ce484222325");
  EXPECT_EQ(StableHash("a"), "af63dc4c8601ec8c");
}

}  // namespace
}  // namespace gantry
