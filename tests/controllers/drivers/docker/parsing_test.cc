#include <gtest/gtest.h>

#include "controllers/drivers/docker/api_version.h"
#include "controllers/drivers/docker/errors.h"
#include "controllers/drivers/docker/events.h"
#include "controllers/drivers/docker/frames.h"
#include "controllers/drivers/docker/http_parser.h"
#include "controllers/drivers/docker/json_stream.h"
#include "controllers/drivers/docker/reference.h"

namespace gantry::docker {
namespace {

TEST(ApiVersion, IsTheSmallerOfBoth) {
  struct Row {
    const char* daemon;
    const char* want;  // empty: refused
  };
  for (const Row& row :
       {Row{"1.40", "1.40"}, Row{"1.41", "1.41"}, Row{"1.47", "1.47"}, Row{"1.56", "1.47"},
        Row{"1.100", "1.47"}, Row{"2.0", "1.47"}, Row{"1.39", ""}, Row{"1.9", ""}, Row{"", ""},
        Row{"x.y", ""}, Row{"1.", ""}}) {
    const auto got = ChooseApiVersion(row.daemon);
    EXPECT_EQ(got.ok() ? *got : "", row.want) << row.daemon;
  }
}

TEST(ImageReference, IsCutApart) {
  struct Row {
    const char* text;
    ImageReference want;
  };
  for (const Row& row : {Row{"web", {"web", "latest", ""}}, Row{"web:1", {"web", "1", ""}},
                         Row{"r.example:5000/a/web", {"r.example:5000/a/web", "latest", ""}},
                         Row{"r.example:5000/a/web:1", {"r.example:5000/a/web", "1", ""}},
                         Row{"web@sha256:ab", {"web", "", "sha256:ab"}},
                         Row{"web:1@sha256:ab", {"web", "", "sha256:ab"}}}) {
    const ImageReference got = ParseImageReference(row.text);
    EXPECT_EQ(got.name, row.want.name) << row.text;
    EXPECT_EQ(got.tag, row.want.tag) << row.text;
    EXPECT_EQ(got.digest, row.want.digest) << row.text;
  }
}

TEST(RegistryAuth, IsBase64Url) {
  // The standard alphabet would have '+' or '/' for these.
  const std::string text = EncodeRegistryAuth({"u", "\x7f\x7f>>>???~~~", "r"});
  EXPECT_EQ(text.find_first_of("+/"), std::string::npos) << text;
  EXPECT_NE(text.find_first_of("-_"), std::string::npos) << text;
  EXPECT_EQ(text.size() % 4, 0u);
}

std::string FrameOf(char channel, const std::string& bytes) {
  std::string out = {channel, 0, 0, 0, 0, 0, 0, static_cast<char>(bytes.size())};
  return out + bytes;
}

TEST(Frames, MayBeSplitAnywhere) {
  const std::string all =
      FrameOf(1, "one\n") + FrameOf(2, "two\n") + FrameOf(1, "") + FrameOf(0, "x");
  for (size_t step = 1; step <= all.size(); ++step) {
    FrameParser parser(false);
    std::string out, err;
    for (size_t at = 0; at < all.size(); at += step) {
      ASSERT_TRUE(parser.Feed(std::string_view(all).substr(at, step)).ok());
      while (auto f = parser.Next()) (f->channel == OutputChannel::kStderr ? err : out) += f->bytes;
    }
    EXPECT_EQ(out, "one\nx") << step;
    EXPECT_EQ(err, "two\n") << step;
  }
}

TEST(Frames, RefusesWhatIsNone) {
  FrameParser parser(false);
  EXPECT_FALSE(parser.Feed("just some text").ok());
  FrameParser raw(true);
  ASSERT_TRUE(raw.Feed("just some text").ok());
  EXPECT_EQ(raw.Next()->bytes, "just some text");
}

TEST(Frames, ErrorOfTheDaemonIsAnError) {
  FrameParser parser(false);
  const Status s = parser.Feed(FrameOf(3, "no space left"));
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.error().message, "no space left");
}

TEST(JsonStream, TakesAllSeparators) {
  const std::string all = "{\"a\":1}\n{\"a\":2}\r\n\x1e{\"a\":3}{\"a\":\"}{\\\"\"}\n";
  for (size_t step = 1; step <= all.size(); ++step) {
    JsonStreamParser parser;
    std::vector<Json> got;
    for (size_t at = 0; at < all.size(); at += step) {
      parser.Feed(std::string_view(all).substr(at, step));
      while (true) {
        auto next = parser.Next();
        ASSERT_TRUE(next.ok());
        if (!*next) break;
        got.push_back(**next);
      }
    }
    ASSERT_EQ(got.size(), 4u) << step;
    EXPECT_EQ(got[3]["a"], "}{\"");
  }
  JsonStreamParser bad;
  bad.Feed("<html>");
  EXPECT_FALSE(bad.Next().ok());
}

TEST(Events, AreRecognisedWhenRepeated) {
  EventDedupe dedupe;
  Event e{"container", "start", "abc", {}, 1000};
  EXPECT_TRUE(dedupe.Add(e));
  EXPECT_FALSE(dedupe.Add(e));
  e.action = "die";
  EXPECT_TRUE(dedupe.Add(e));
  for (int i = 0; i < 2000; ++i) {
    e.time_nano = 2000 + i;
    EXPECT_TRUE(dedupe.Add(e));
  }
  EXPECT_EQ(EventsSince(1500000000000000042), "1499999999.000000042");
  EXPECT_EQ(EventsSince(5), "0.000000001");
}

TEST(Errors, HaveTheEnginesWords) {
  const Error missing = ErrorFromAnswer(404, R"({"message":"No such image: x\n"})");
  EXPECT_EQ(missing.code, Code::kNotFound);
  EXPECT_EQ(missing.message, "No such image: x");
  EXPECT_EQ(ErrorFromAnswer(409, "{}").code, Code::kConflict);
  EXPECT_EQ(ErrorFromAnswer(500, "plain").message, "plain");
  EXPECT_EQ(ErrorFromAnswer(503, "").code, Code::kUnavailable);
  EXPECT_EQ(
      ErrorFromAnswer(500, R"({"message":"Bind for 0.0.0.0:80 failed: port is already allocated"})")
          .code,
      Code::kAlreadyExists);
  EXPECT_EQ(ErrorFromPull("manifest for a:1 not found: manifest unknown").code, Code::kNotFound);
  EXPECT_EQ(ErrorFromPull("unauthorized: authentication required").code, Code::kForbidden);
  EXPECT_EQ(ErrorFromPull("dial tcp: connection refused").code, Code::kInternal);
}

TEST(HttpParser, TakesBodiesInAllForms) {
  struct Row {
    const char* name;
    std::string bytes;
    bool eof;
  };
  for (const Row& row :
       {Row{"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false},
        Row{"chunked",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            false},
        Row{"until closed", "HTTP/1.1 200 OK\r\n\r\nhello", true}}) {
    for (size_t step = 1; step <= row.bytes.size(); ++step) {
      ResponseParser parser;
      std::string body;
      for (size_t at = 0; at < row.bytes.size(); at += step) {
        ASSERT_TRUE(parser.Feed(std::string_view(row.bytes).substr(at, step), true).ok());
        body += parser.TakeBody();
      }
      if (row.eof) {
        ASSERT_TRUE(parser.FeedEof().ok());
      }
      EXPECT_TRUE(parser.done()) << row.name << " in steps of " << step;
      EXPECT_EQ(body, "hello") << row.name << " in steps of " << step;
    }
  }
}

TEST(HttpParser, StopsAtTheHeaderOfAHijackedConnection) {
  ResponseParser parser;
  ASSERT_TRUE(
      parser.Feed("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nraw", false)
          .ok());
  EXPECT_TRUE(parser.header_done());
  EXPECT_EQ(parser.status(), 101);
  EXPECT_EQ(parser.Header("upgrade"), "tcp");
  EXPECT_EQ(parser.TakeRest(), "raw");
}

TEST(HttpParser, RefusesWhatIsCutShort) {
  ResponseParser parser;
  ASSERT_TRUE(parser.Feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", true).ok());
  EXPECT_EQ(parser.FeedEof().code(), Code::kUnavailable);
  ResponseParser bad;
  EXPECT_EQ(bad.Feed("SSH-2.0-OpenSSH_9.2\r\n", true).code(), Code::kUnavailable);
}

}  // namespace
}  // namespace gantry::docker
