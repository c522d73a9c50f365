#include "store/rocksdb/keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace gantry::store {
namespace {

const std::vector<std::string> kKeys = {std::string("\0", 1),
                                        std::string("\0\0", 2),
                                        std::string("\0\x01", 2),
                                        std::string("\0\xff", 2),
                                        "\x01",
                                        "/a",
                                        std::string("/a\0", 3),
                                        std::string("/a\0b", 4),
                                        "/a\x01",
                                        "/aa",
                                        "/b",
                                        "\xff",
                                        "\xff\xff"};

TEST(KeysTest, VersionsRoundTrip) {
  for (const auto& key : kKeys) {
    for (Revision r : {Revision{1}, Revision{255}, Revision{256}, Revision{1} << 40,
                       std::numeric_limits<Revision>::max()}) {
      const auto decoded = DecodeVersion(EncodeVersion(key, r));
      ASSERT_TRUE(decoded.has_value());
      EXPECT_EQ(decoded->key, key);
      EXPECT_EQ(decoded->revision, r);
    }
  }
}

TEST(KeysTest, OrderIsByKeyThenNewestFirst) {
  std::vector<std::pair<std::string, Revision>> want;
  std::vector<std::string> encoded;
  auto sorted = kKeys;
  std::sort(sorted.begin(), sorted.end());
  for (const auto& key : sorted) {
    for (Revision r : {1000, 257, 256, 255, 1}) {
      want.emplace_back(key, r);
      encoded.push_back(EncodeVersion(key, r));
    }
  }
  std::sort(encoded.begin(), encoded.end());
  for (size_t i = 0; i < encoded.size(); ++i) {
    const auto decoded = DecodeVersion(encoded[i]);
    EXPECT_EQ(std::make_pair(decoded->key, decoded->revision), want[i]) << i;
  }
}

TEST(KeysTest, NoEncodedKeyIsAPrefixOfAnother) {
  for (const auto& a : kKeys) {
    for (const auto& b : kKeys) {
      if (a != b) {
        EXPECT_FALSE(EncodeKey(a).starts_with(EncodeKey(b)));
      }
    }
  }
}

TEST(KeysTest, PrefixRangeHoldsExactlyThePrefix) {
  auto prefixes = kKeys;
  prefixes.push_back("");
  for (const auto& prefix : prefixes) {
    const auto [first, end] = PrefixRange(prefix);
    for (const auto& key : kKeys) {
      const std::string version = EncodeVersion(key, 5);
      const bool inside = version >= first && (end.empty() || version < end);
      EXPECT_EQ(inside, key.starts_with(prefix)) << testing::PrintToString(key);
    }
  }
}

TEST(KeysTest, BrokenVersionsDoNotDecode) {
  const std::string good = EncodeVersion("/a", 7);
  for (size_t n = 0; n < good.size(); ++n) {
    EXPECT_FALSE(DecodeVersion(good.substr(0, n)).has_value()) << n;
  }
  std::string bad_escape = good;
  bad_escape[3] = '\x02';
  EXPECT_FALSE(DecodeVersion(bad_escape).has_value());
  EXPECT_FALSE(DecodeVersion("x" + std::string("\0\x01", 2) + good).has_value());
}

TEST(KeysTest, LogRecordsRoundTrip) {
  for (auto type : {Event::Type::kPut, Event::Type::kDelete}) {
    const std::string bytes = EncodeLog(type, 77, std::string("/a\0b", 4));
    const auto entry = DecodeLog(bytes);
    ASSERT_TRUE(entry.has_value());
    EXPECT_EQ(entry->type, type);
    EXPECT_EQ(entry->previous, 77);
    EXPECT_EQ(entry->key, std::string_view("/a\0b", 4));
  }
  EXPECT_FALSE(DecodeLog("").has_value());
  EXPECT_FALSE(DecodeLog(EncodeLog(Event::Type::kPut, 1, "")).has_value());
  std::string bad_type = EncodeLog(Event::Type::kPut, 1, "/a");
  bad_type[0] = 9;
  EXPECT_FALSE(DecodeLog(bad_type).has_value());
}

}  // namespace
}  // namespace gantry::store
