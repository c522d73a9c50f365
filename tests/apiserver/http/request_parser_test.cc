#include "apiserver/http/request_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::apiserver {
namespace {

using ::testing::HasSubstr;
using State = RequestParser::State;

struct Read {
  State state = State::kNeedMore;
  int status = 0;
  std::string message;
  Request request;
  size_t used = 0;
};

// Offers the bytes in pieces of `step`, as a connection does.
Read Parse(std::string_view bytes, size_t step) {
  Read out;
  RequestParser parser(&out.request, 64 * 1024, 4096);
  for (size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    if (end > out.used) {
      size_t used = 0;
      out.state = parser.Feed(bytes.substr(out.used, end - out.used), &used);
      out.used += used;
    }
    if (out.state != State::kNeedMore || end == bytes.size()) break;
  }
  out.status = parser.status();
  out.message = parser.message();
  return out;
}

std::string Repeat(std::string_view text, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += text;
  return out;
}

struct Case {
  std::string request;
  int status;
  std::string why;
};

TEST(RequestParser, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  const std::vector<Case> cases = {
      // Where the body ends.
      {post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "Transfer-Encoding"},
      {post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400, "Content-Length"},
      {post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400, "Content-Length"},
      {post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400, "repeated"},
      {post + "Content-Length: 3, 3\r\n\r\nabc", 400, "no number"},
      {post + "Content-Length: 0\r\nContent-Length: 3\r\n\r\nabc", 400, "Content-Length"},
      {post + "Content-Length: +3\r\n\r\nabc", 400, "Content-Length"},
      {post + "Content-Length: -3\r\n\r\nabc", 400, "Content-Length"},
      {post + "Content-Length: 0x3\r\n\r\nabc", 400, "Content-Length"},
      {post + "Content-Length:\r\n\r\nabc", 400, "Content-Length"},
      {post + "Content-Length: 99999999999999999999\r\n\r\nabc", 400, "Content-Length"},
      {post + "Transfer-Encoding: identity\r\n\r\n", 400, "the only Transfer-Encoding"},
      {post + "Transfer-Encoding: xchunked\r\n\r\n", 400, "the only Transfer-Encoding"},
      {post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 400, "the only Transfer-Encoding"},
      {post + "Transfer-Encoding: chunked, identity\r\n\r\n", 400, "the only Transfer-Encoding"},
      {post + "Transfer-Encoding: chunked, chunked\r\n\r\n", 400, "the only Transfer-Encoding"},
      {post + "Transfer-Encoding: \"chunked\"\r\n\r\n", 400, "the only Transfer-Encoding"},
      {post + "Transfer-Encoding: chunked;a=b\r\n\r\n", 400, "the only Transfer-Encoding"},
      {post + "Transfer-Encoding:\r\n\r\n", 400, "the only Transfer-Encoding"},
      {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400, ""},
      {post + "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc", 400, ""},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "HTTP/1.0"},
      // Chunks.
      {chunked + "x\r\nabc\r\n", 400, ""},
      {chunked + "-1\r\na\r\n0\r\n\r\n", 400, ""},
      {chunked + "+1\r\na\r\n0\r\n\r\n", 400, ""},
      {chunked + "0x1\r\na\r\n0\r\n\r\n", 400, ""},
      {chunked + " 1\r\na\r\n0\r\n\r\n", 400, ""},
      {chunked + "1\na\r\n0\r\n\r\n", 400, ""},
      {chunked + "1\r\nab\r\n0\r\n\r\n", 400, ""},
      {chunked + "1\r\na0\r\n\r\n", 400, ""},
      {chunked + "1;\n\r\na\r\n0\r\n\r\n", 400, ""},
      {chunked + "10000000000000001\r\na\r\n0\r\n\r\n", 400, ""},
      {chunked + "fffffffffffffffff\r\na\r\n0\r\n\r\n", 400, ""},
      {chunked + "1;a=\"" + std::string(9000, 'x'), 400, "too long"},
      {chunked + "0\r\n" + Repeat("X: y\r\n", 2000), 400, "too long"},
      {chunked + "0\r\nX: a\r\n b\r\n\r\n", 400, "folded"},
      // Lines and fields.
      {"GET / HTTP/1.1\nHost: x\n\n\r\n\r\n", 400, ""},
      {"GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", 400, ""},
      {"GET / HTTP/1.1\r\nHost: x\r\n\nX: y\r\n\r\n", 400, ""},
      {"GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n", 400, ""},
      {"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", 400, "folded"},
      {"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n\tb\r\n\r\n", 400, "folded"},
      {"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n \r\n\r\n", 400, "folded"},
      {"GET / HTTP/1.1\r\nHost: x\r\nX:\r\n a\r\n\r\n", 400, "folded"},
      {"GET / HTTP/1.1\r\nHost: x\r\nX:\r\n \r\n\r\n", 400, "folded"},
      {"GET / HTTP/1.1\r\n X: a\r\n\r\n", 400, ""},
      {"GET / HTTP/1.1\r\nHost: x\r\nX : a\r\n\r\n", 400, ""},
      {"GET / HTTP/1.1\r\nHost: x\r\nX y: a\r\n\r\n", 400, ""},
      {"GET / HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n", 400, ""},
      {"GET / HTTP/1.1\r\nHost: x\r\nX\r\n\r\n", 400, ""},
      {std::string("GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n", 35), 400, ""},
      {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, "Host is repeated"},
      {"GET / HTTP/1.1\r\n\r\n", 400, "Host is missing"},
      {"GET / HTTP/2.0\r\n\r\n", 400, ""},
      {"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400, ""},
      {"GET /  HTTP/1.1\r\nHost: x\r\n\r\n", 400, ""},
      {"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400, ""},
      {"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400, ""},
      {" GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400, ""},
      {"GET /\r\n\r\n", 400, ""},
      // Targets.
      {"GET api HTTP/1.1\r\nHost: x\r\n\r\n", 400, "neither a path nor a URL"},
      {"CONNECT host:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "neither a path nor a URL"},
      {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400, "neither a path nor a URL"},
      {"GET ftp://h/api HTTP/1.1\r\nHost: x\r\n\r\n", 400, "neither a path nor a URL"},
      {"GET http://h?a=/api HTTP/1.1\r\nHost: x\r\n\r\n", 400, "neither a path nor a URL"},
      {"GET /a/../b HTTP/1.1\r\nHost: x\r\n\r\n", 400, "segment"},
      {"GET /a/%2e%2E/b HTTP/1.1\r\nHost: x\r\n\r\n", 400, "segment"},
      {"GET /a%2f..%2fb HTTP/1.1\r\nHost: x\r\n\r\n", 400, "segment"},
      {"GET http://h/a/../b HTTP/1.1\r\nHost: x\r\n\r\n", 400, "segment"},
      {"GET /a%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "control characters"},
      {"GET /a%0d%0ab HTTP/1.1\r\nHost: x\r\n\r\n", 400, "control characters"},
      {"GET /%c0%ae%c0%ae/b HTTP/1.1\r\nHost: x\r\n\r\n", 400, "no UTF-8"},
      {"GET /%e0%80%ae/b HTTP/1.1\r\nHost: x\r\n\r\n", 400, "no UTF-8"},
      {"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400, "escape"},
      {"GET /% HTTP/1.1\r\nHost: x\r\n\r\n", 400, "escape"},
  };
  for (const Case& c : cases) {
    for (const size_t step : {c.request.size(), size_t{1}, size_t{7}}) {
      const Read read = Parse(c.request, step);
      EXPECT_EQ(read.state, State::kRefused) << c.request.substr(0, 200) << " by " << step;
      EXPECT_EQ(read.status, c.status) << c.request.substr(0, 200);
      EXPECT_THAT(read.message, HasSubstr(c.why)) << c.request.substr(0, 200);
    }
  }
}

TEST(RequestParser, BoundsWhatItReads) {
  const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n";
  const std::vector<Case> cases = {
      {get + Repeat("X: y\r\n", 257) + "\r\n", 431, "more than 256 fields"},
      {get + "X: " + std::string(70000, 'x') + "\r\n\r\n", 431, "longer than 65536 bytes"},
      {get + std::string(70000, 'x'), 431, "longer than 65536 bytes"},
      {"GET /" + std::string(32768, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414,
       "longer than 32768 bytes"},
      {"GET /" + std::string(70000, 'x'), 414, "longer than 32768 bytes"},
      {"GET /?" + Repeat("a=b&", 256) + "a=b HTTP/1.1\r\nHost: x\r\n\r\n", 400,
       "more than 256 parameters"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4097\r\n\r\n", 413, "limit is 4096"},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1001\r\n", 413,
       "limit is 4096"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n", 415,
       "not taken compressed"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: identity, br\r\n\r\n", 415,
       "not taken compressed"},
  };
  for (const Case& c : cases) {
    for (const size_t step : {c.request.size(), size_t{17000}}) {
      const Read read = Parse(c.request, step);
      EXPECT_EQ(read.state, State::kRefused) << c.request.substr(0, 100);
      EXPECT_EQ(read.status, c.status) << c.request.substr(0, 100);
      EXPECT_THAT(read.message, HasSubstr(c.why)) << c.request.substr(0, 100);
    }
  }
}

TEST(RequestParser, TakesWhatIsUnusualButClear) {
  struct Good {
    std::string request;
    std::string path;
    std::string body;
  };
  const std::vector<Good> cases = {
      {"GET /" + std::string(32767, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n",
       "/" + std::string(32767, 'x'), ""},
      {"GET / HTTP/1.1\r\nHost: x\r\n" + Repeat("X: y\r\n", 255) + "\r\n", "/", ""},
      {"GET / HTTP/1.0\r\n\r\n", "/", ""},
      {"GET /?" + Repeat("a=b&", 255) + "a=b HTTP/1.1\r\nHost: x\r\n\r\n", "/", ""},
      {"GET http://h:1/api HTTP/1.1\r\nHost: x\r\n\r\n", "/api", ""},
      {"GET HTTPS://h HTTP/1.1\r\nHost: x\r\n\r\n", "/", ""},
      {"GET //a//b HTTP/1.1\r\nHost: x\r\n\r\n", "//a//b", ""},
      {"GET /a;b=c/%3Bd HTTP/1.1\r\nHost: x\r\n\r\n", "/a;b=c/;d", ""},
      {"GET /%252e%252e/b HTTP/1.1\r\nHost: x\r\n\r\n", "/%2e%2e/b", ""},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 003\r\nContent-Encoding: identity\r\n\r\nabc",
       "/", "abc"},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n",
       "/", "abc"},
      {"POST / HTTP/1.1\r\nHost: x\r\nX:\r\nY: \t \r\nContent-Length: 0\r\n\r\n", "/", ""},
  };
  for (const Good& c : cases) {
    for (const size_t step : {c.request.size(), size_t{1}}) {
      const Read read = Parse(c.request, step);
      EXPECT_EQ(read.state, State::kComplete) << c.request.substr(0, 100) << read.message;
      EXPECT_EQ(read.request.path, c.path);
      EXPECT_EQ(read.request.body, c.body);
      EXPECT_EQ(read.used, c.request.size());
    }
  }
}

// What follows the body must not change who asks.
TEST(RequestParser, TrailersAreDropped) {
  const Read read = Parse(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n"
      "1\r\na\r\n0\r\nAuthorization: Bearer x\r\nImpersonate-User: root\r\n\r\n",
      1000);
  ASSERT_EQ(read.state, State::kComplete);
  EXPECT_EQ(read.request.headers.all().size(), 3u);
  EXPECT_EQ(read.request.headers.Get("Authorization"), "");
}

}  // namespace
}  // namespace gantry::apiserver
