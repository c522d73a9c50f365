#include "apis/machinery/http/unix_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

namespace gantry::http {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

// A listening socket in a directory of its own. Connections wait in its queue until Answer().
class UnixSocketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/gantry-unix-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
    path_ = directory_ + "/s";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(listen(listener_, 1), 0);
  }
  void TearDown() override {
    close(listener_);
    std::filesystem::remove_all(directory_);
  }
  void Answer(const std::string& text) const {
    const int peer = accept(listener_, nullptr, nullptr);
    char request[4096];
    EXPECT_GT(read(peer, request, sizeof request), 0);
    EXPECT_EQ(write(peer, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(peer);
  }

  const client::HttpRequest request_{"GET", "/info", {}, ""};
  std::string directory_;
  std::string path_;
  int listener_ = -1;
};

TEST_F(UnixSocketTest, GivesTheAnswer) {
  std::thread server([this] { Answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"); });
  const auto answer = DoOverUnixSocket(Context(), path_, request_);
  server.join();
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hi");
}

TEST_F(UnixSocketTest, SilenceIsATimeout) {
  const auto answer = DoOverUnixSocket(Context(), path_, request_, 50ms);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.code(), Code::kTimeout);
  EXPECT_THAT(answer.error().message, HasSubstr(path_));
}

TEST_F(UnixSocketTest, EndsWithItsContext) {
  const auto late = DoOverUnixSocket(Context().WithTimeout(50ms), path_, request_, 1h);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.code(), Code::kTimeout);

  const Context ctx = Context().WithCancel();
  std::thread canceller([ctx, this] {
    close(accept(listener_, nullptr, nullptr));  // that of the request above
    const int peer = accept(listener_, nullptr, nullptr);
    ctx.Cancel();
    char request[4096];
    while (read(peer, request, sizeof request) > 0) continue;
    close(peer);
  });
  const auto cancelled = DoOverUnixSocket(ctx, path_, request_, 1h);
  canceller.join();
  ASSERT_FALSE(cancelled.ok());
  EXPECT_EQ(cancelled.code(), Code::kCancelled);
}

TEST_F(UnixSocketTest, RefusesPathsThatNoSocketHas) {
  for (const std::string& path : {std::string(), "/" + std::string(107, 'x')}) {
    const auto answer = DoOverUnixSocket(Context(), path, request_);
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.code(), Code::kBadRequest) << answer.error().message;
  }
  const auto nobody = DoOverUnixSocket(Context(), "/" + std::string(106, 'x'), request_);
  ASSERT_FALSE(nobody.ok());
  EXPECT_EQ(nobody.code(), Code::kUnavailable) << nobody.error().message;
}

}  // namespace
}  // namespace gantry::http
