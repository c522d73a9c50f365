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

}  // namespace
}  // namespace gantry::apiserver
