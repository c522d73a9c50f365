#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "apiserver/http/tls_socket.h"
#include "apiserver/http/websocket_session.h"
#include "tests/apiserver/testing/credentials.h"
#include "tests/fuzz/check.h"

// Frames of a client, given to a session over a TLS connection within the process. What its handler
// gets is compared with what an obvious reader of the frames finds.
namespace {

using gantry::apiserver::Io;
using gantry::apiserver::Request;
using gantry::apiserver::Response;
using gantry::apiserver::Socket;
using gantry::apiserver::TlsContext;
using gantry::apiserver::TlsSocket;
using gantry::apiserver::WebSocketHandler;
using gantry::apiserver::WebSocketPeer;
using gantry::apiserver::WebSocketSession;
using gantry::fuzz::Require;

struct Message {
  std::string bytes;
  bool binary;
  bool operator==(const Message&) const = default;
};

// The messages up to the first frame that is wrong, ends the connection or is cut off.
std::vector<Message> Read(std::string_view rest) {
  std::vector<Message> out;
  std::optional<Message> open;
  const auto take = [&rest](size_t n) {
    const std::string_view bytes = rest.substr(0, n);
    rest.remove_prefix(n);
    return bytes;
  };
  while (rest.size() >= 2) {
    const auto first = static_cast<unsigned char>(rest[0]);
    const auto second = static_cast<unsigned char>(rest[1]);
    take(2);
    const int opcode = first & 15;
    const bool last = (first & 0x80) != 0;
    if ((first & 0x70) != 0 || (second & 0x80) == 0) break;
    uint64_t size = second & 0x7F;
    const size_t more = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (rest.size() < more + 4) break;
    if (more > 0) {
      size = 0;
      for (const char c : take(more)) size = size << 8 | static_cast<unsigned char>(c);
      if (size < (more == 2 ? 126 : 65536)) break;  // there is a shorter form
    }
    const std::string_view mask = take(4);
    if (opcode >= 8) {
      if (opcode > 10 || !last || size > 125 || opcode == 8 || rest.size() < size) break;
      take(size);
      continue;
    }
    if (opcode > 2 || (opcode == 0) != open.has_value() || rest.size() < size) break;
    if (opcode != 0) open = Message{{}, opcode == 2};
    size_t i = 0;
    for (const char c : take(size)) open->bytes += static_cast<char>(c ^ mask[i++ % 4]);
    if (!last) continue;
    out.push_back(std::move(*open));
    open.reset();
  }
  return out;
}

// Notes what it gets, and answers each message.
class Recorder final : public WebSocketHandler {
 public:
  struct Seen {
    std::vector<Message> messages;
    int opened = 0;
    int closed = 0;
  };
  explicit Recorder(Seen* seen) : seen_(seen) {}
  void OnOpen(std::shared_ptr<WebSocketPeer> peer) override {
    ++seen_->opened;
    peer_ = std::move(peer);
  }
  void OnMessage(std::string_view frame, bool binary) override {
    Require(seen_->opened == 1 && seen_->closed == 0, "messages come while it is open");
    seen_->messages.push_back({std::string(frame), binary});
    peer_->Send(std::string(frame.substr(0, 16)), binary);
  }
  void OnClose() override {
    ++seen_->closed;
    peer_.reset();
  }

 private:
  Seen* const seen_;
  std::shared_ptr<WebSocketPeer> peer_;
};

// The client's end of a connection: makes a handshake and takes what it gets.
class Client {
 public:
  explicit Client(int fd) : fd_(fd) {
    static SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, fd_);
    SSL_set_connect_state(ssl_);
  }
  ~Client() {
    SSL_free(ssl_);
    if (fd_ >= 0) ::close(fd_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  void Step() { SSL_do_handshake(ssl_); }
  void Leave() { ::shutdown(fd_, SHUT_WR); }

 private:
  const int fd_;
  SSL* ssl_;
};

Request Upgrade() {
  Request request;
  request.method = "GET";
  request.path = "/";
  request.websocket = true;
  for (const auto& [name, value] : {std::pair("Host", "x"), std::pair("Upgrade", "websocket"),
                                    std::pair("Connection", "Upgrade"),
                                    std::pair("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
                                    std::pair("Sec-WebSocket-Version", "13")}) {
    request.headers.Add(name, value);
  }
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto tls =
      TlsContext::Create(gantry::apiserver::testing::TestCredentials().tls()).value();
  const std::string_view frames = gantry::fuzz::AsText(data, size);
  int fds[2];
  Require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0, "there are sockets");
  Recorder::Seen seen;
  bool done = false;
  {
    boost::asio::io_context io(1);
    Socket raw(io);
    raw.assign(boost::asio::ip::tcp::v4(), fds[0]);
    TlsSocket socket(std::move(raw), tls);
    Client client(fds[1]);
    for (int i = 0; i < 10 && socket.Handshake() != Io::kDone; ++i) client.Step();
    client.Step();
    const Request request = Upgrade();
    Response response;
    response.websocket = std::make_shared<Recorder>(&seen);
    const auto session = WebSocketSession::Start(&socket, std::string(frames), request, response,
                                                 [&done] { done = true; });
    io.poll();
    client.Leave();
    while (!done && io.run_one() > 0) {
    }
  }
  Require(done, "a session ends when its client has left");
  Require(seen.opened == seen.closed && seen.opened == 1, "it is opened once and closed once");
  const std::vector<Message> expected = Read(frames);
  Require(seen.messages.size() <= expected.size(), "there are no more messages than frames say");
  // Texts must be UTF-8, which this reader does not look at.
  const bool simple = std::all_of(expected.begin(), expected.end(), [](const Message& m) {
    return m.binary || std::all_of(m.bytes.begin(), m.bytes.end(), [](char c) { return c >= 0; });
  });
  Require(!simple || seen.messages.size() == expected.size(), "every message arrives");
  for (size_t i = 0; i < seen.messages.size(); ++i) {
    Require(seen.messages[i] == expected[i], "a message is what its frames say",
            seen.messages[i].bytes, expected[i].bytes);
  }
  return 0;
}
