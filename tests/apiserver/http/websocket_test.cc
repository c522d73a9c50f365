#include <atomic>

#include "apis/machinery/base/mutex.h"
#include "tests/apiserver/http/listener_fixture.h"

namespace gantry::apiserver {
namespace {

using testing::ListenerTest;
using testing::TlsClient;

class EchoSocket : public WebSocketHandler {
 public:
  void OnOpen(std::shared_ptr<WebSocketPeer> peer) override {
    MutexLock lock(&mu_);
    peer_ = std::move(peer);
    opened = true;
  }
  void OnMessage(std::string_view frame, bool binary) override {
    peer()->Send("echo " + std::string(frame), binary);
  }
  void OnClose() override { closed = true; }

  std::shared_ptr<WebSocketPeer> peer() {
    MutexLock lock(&mu_);
    return peer_;
  }
  std::atomic<bool> opened = false;
  std::atomic<bool> closed = false;

 private:
  Mutex mu_;
  std::shared_ptr<WebSocketPeer> peer_ GUARDED_BY(mu_);
};

Task<Response> Upgrade(std::shared_ptr<EchoSocket> socket, Request& request) {
  Response response;
  if (request.websocket) {
    response.websocket = socket;
    response.websocket_protocol = "v5.channel.k8s.io";
    response.headers.Set("Audit-Id", "a1");
  } else {
    response.status = 400;
  }
  co_return std::move(response);
}

// A short frame as clients send it: masked, here with zeros.
std::string Frame(int opcode, std::string_view content) {
  std::string frame;
  frame.push_back(static_cast<char>(0x80 | opcode));
  frame.push_back(static_cast<char>(0x80 | content.size()));
  frame.append(4, '\0');
  return frame.append(content);
}

class WebSocketTest : public ListenerTest {
 protected:
  void Open() {
    Serve([this](Request& request) { return Upgrade(socket_, request); });
    client_ = Client();
    ASSERT_TRUE(
        client_->Send("GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                      "Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n" +
                      early_));
    const auto head = client_->ReadHead();
    ASSERT_EQ(head.status, 101);
    EXPECT_EQ(head.headers.at("sec-websocket-protocol"), "v5.channel.k8s.io");
    EXPECT_EQ(head.headers.at("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(head.headers.at("audit-id"), "a1");
  }
  // The content of the next unmasked short frame.
  std::string ReadFrame() {
    while (buffer_.size() < 2 || buffer_.size() < 2u + static_cast<uint8_t>(buffer_[1])) {
      const std::string more = client_->ReadSome();
      if (more.empty()) return "closed";
      buffer_ += more;
    }
    const size_t size = static_cast<uint8_t>(buffer_[1]);
    const std::string content = buffer_.substr(2, size);
    buffer_.erase(0, 2 + size);
    return content;
  }

  const std::shared_ptr<EchoSocket> socket_ = std::make_shared<EchoSocket>();
  std::unique_ptr<TlsClient> client_;
  std::string early_;
  std::string buffer_;
};

TEST_F(WebSocketTest, EchoesInOrder) {
  early_ = Frame(1, "early");
  Open();
  EXPECT_EQ(ReadFrame(), "echo early");
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(client_->Send(Frame(2, std::to_string(i))));
  for (int i = 0; i < 50; ++i) ASSERT_EQ(ReadFrame(), "echo " + std::to_string(i));
}

TEST_F(WebSocketTest, AClientThatLeavesClosesTheHandler) {
  Open();
  ASSERT_TRUE(WaitUntil([&] { return socket_->opened.load(); }));
  client_->Drop();
  ASSERT_TRUE(WaitUntil([&] { return socket_->closed.load(); }));
  ASSERT_TRUE(WaitUntil([&] { return listener_->connections() == 0; }));
  EXPECT_FALSE(socket_->peer()->Send("late", false));
  EXPECT_EQ(socket_->peer()->queued(), 0u);
}

TEST_F(WebSocketTest, TheServerMayClose) {
  Open();
  ASSERT_TRUE(WaitUntil([&] { return socket_->opened.load(); }));
  socket_->peer()->Send("bye", false);
  socket_->peer()->Close();
  EXPECT_EQ(ReadFrame(), "bye");
  ReadFrame();  // the close frame
  client_->Send(Frame(8, ""));
  EXPECT_TRUE(WaitUntil([&] { return socket_->closed.load(); }));
}

TEST_F(WebSocketTest, FramesOfASlowPeerAreCountedAndAtLastRefused) {
  Open();
  ASSERT_TRUE(WaitUntil([&] { return socket_->opened.load(); }));
  const auto peer = socket_->peer();
  const std::string frame(1 << 20, 'x');
  size_t highest = 0;
  bool refused = false;
  for (int i = 0; i < 200 && !refused; ++i) {
    refused = !peer->Send(frame, true);
    highest = std::max(highest, peer->queued());
  }
  EXPECT_TRUE(refused);
  EXPECT_GT(highest, 4u << 20);
  EXPECT_TRUE(WaitUntil([&] { return socket_->closed.load(); }));
}

TEST_F(WebSocketTest, StopEndsIt) {
  Open();
  ASSERT_TRUE(WaitUntil([&] { return socket_->opened.load(); }));
  listener_->Stop(std::chrono::milliseconds(50));
  EXPECT_TRUE(socket_->closed);
}

}  // namespace
}  // namespace gantry::apiserver
