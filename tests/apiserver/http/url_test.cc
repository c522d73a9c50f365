#include "apiserver/http/url.h"

#include <gtest/gtest.h>

namespace gantry::apiserver {
namespace {

TEST(Url, FindsDotSegments) {
  for (const char* path : {".", "..", "/a/../b", "/a/.", "../a", "/./"})
    EXPECT_TRUE(HasDotSegment(path)) << path;
  for (const char* path : {"", "/", "/a.b/..c/d..", "/...", "//"})
    EXPECT_FALSE(HasDotSegment(path)) << path;
}

TEST(Url, KnowsPlainText) {
  for (const char* text :
       {"", "/api/v1", "/\xc3\xa9", "/\xe2\x82\xac", "/\xf0\x9f\x98\x80", "a b;c%"})
    EXPECT_TRUE(IsPlainText(text)) << text;
  for (const char* text :
       {"\n", "a\x7f", "\xc2\x80", "\xc0\xae", "\xe0\x80\xae", "\xf0\x80\x80\xae", "\xed\xa0\x80",
        "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "\xff"})
    EXPECT_FALSE(IsPlainText(text)) << text;
  EXPECT_FALSE(IsPlainText(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace gantry::apiserver
