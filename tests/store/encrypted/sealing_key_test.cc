#include "store/encrypted/sealing_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace gantry::store {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

SealingKey Key(const std::string& name, char fill, size_t size = 32) {
  auto key = SealingKey::Make(name, std::string(size, fill));
  EXPECT_TRUE(key.ok());
  return *std::move(key);
}

TEST(SealingKeyTest, OpensWhatItSealed) {
  for (const size_t size : {16, 24, 32}) {
    const SealingKey key = Key("one", 'k', size);
    for (const std::string& value : {std::string(), std::string("x"), std::string(100000, 'v')}) {
      const auto sealed = key.Seal("/a", value, Random::Real());
      ASSERT_TRUE(sealed.ok());
      EXPECT_TRUE(HasSealHeader(*sealed));
      EXPECT_LE(sealed->size(), value.size() + kMaxSealBytes);
      const auto by = ReadSealHeader(*sealed);
      ASSERT_TRUE(by.ok() && by->has_value());
      EXPECT_EQ((*by)->name, "one");
      EXPECT_EQ((*by)->fingerprint, key.id().fingerprint);
      const auto opened = key.Open("/a", *sealed);
      ASSERT_TRUE(opened.ok()) << opened.error().message;
      EXPECT_EQ(*opened, value);
    }
  }
}

TEST(SealingKeyTest, SaysNothingOfTheValue) {
  const SealingKey key = Key("one", 'k');
  std::set<std::string> different;
  for (int i = 0; i < 100; ++i) {
    const std::string sealed = *key.Seal("/a", "canary-value", Random::Real());
    EXPECT_THAT(sealed, Not(HasSubstr("canary")));
    different.insert(sealed.substr(sealed.size() - 12));
  }
  EXPECT_EQ(different.size(), 100u);
}

TEST(SealingKeyTest, OpensNothingElse) {
  const SealingKey key = Key("one", 'k');
  const std::string sealed = *key.Seal("/a", "a secret value", Random::Real());
  EXPECT_EQ(key.Open("/b", sealed).code(), Code::kDataLoss) << "moved to another key";
  EXPECT_EQ(Key("one", 'x').Open("/a", sealed).code(), Code::kDataLoss) << "another key";
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] ^= 1;
    EXPECT_FALSE(key.Open("/a", changed).ok()) << "byte " << i << " was changed";
  }
  for (size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(key.Open("/a", sealed.substr(0, size)).ok()) << "cut at " << size;
  }
}

TEST(SealingKeyTest, TheFormatStays) {
  class Counting : public Random {
    uint64_t Next() override { return ++n_; }
    uint64_t n_ = 0;
  } random;
  const SealingKey key = Key("one", 'k');
  const std::string sealed = *key.Seal("/core/secrets/default/a", "value", &random);
  std::string hex;
  for (const unsigned char c : sealed) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[c >> 4];
    hex += kDigits[c & 15];
  }
  EXPECT_EQ(hex,
            "017365616c01e45c521b5d6d0095036f6e65010000000000000002000000000000000300000000000000"
            "0400000000000000a43fb294c59d488977b568d7476c76eaef3d5f8f16");
}

TEST(SealingKeyTest, RefusesOtherSizes) {
  EXPECT_EQ(SealingKey::Make("one", std::string(31, 'k')).code(), Code::kInvalid);
  EXPECT_EQ(SealingKey::Make("one", "").code(), Code::kInvalid);
  EXPECT_EQ(SealingKey::Make("", std::string(32, 'k')).code(), Code::kInvalid);
  EXPECT_EQ(SealingKey::Make(std::string(256, 'n'), std::string(32, 'k')).code(), Code::kInvalid);
}

TEST(SealHeaderTest, DamageIsAnError) {
  EXPECT_FALSE(HasSealHeader("G plain"));
  EXPECT_FALSE(HasSealHeader(""));
  for (const std::string& value :
       {std::string("\x01seal"), std::string("\x01seal\x01"), std::string("\x01seal\x02") + "x",
        std::string("\x01seal\x01") + std::string(20, 'x')}) {
    EXPECT_TRUE(HasSealHeader(value));
    EXPECT_EQ(ReadSealHeader(value).code(), Code::kDataLoss);
  }
  const auto plain = ReadSealHeader(WrapPlain("x"));
  ASSERT_TRUE(plain.ok());
  EXPECT_FALSE(plain->has_value());
  EXPECT_EQ(UnwrapPlain(WrapPlain("\x01seal?")), "\x01seal?");
}

}  // namespace
}  // namespace gantry::store
