#include "tests/bench/fan_out_floor.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace gantry::apiserver::bench {
namespace {

struct Peer {
  int fd = -1;
  SSL* ssl = nullptr;
  std::string request;
};

class FanOutFloorImpl final : public FanOutFloor {
 public:
  FanOutFloorImpl(std::shared_ptr<const TlsContext> tls, size_t event_bytes)
      : tls_(std::move(tls)),
        listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        listen(listener_, 1024) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
      std::abort();
    }
    port_ = ntohs(at.sin_port);
    event_ = fmt::format("{:x}\r\n{}\n\r\n", event_bytes, std::string(event_bytes - 1, 'x'));
    std::thread([this] { Serve(); }).detach();
  }
  uint16_t port() const override { return port_; }

 private:
  [[noreturn]] void Serve() {
    epoll_event accept{EPOLLIN, {.ptr = nullptr}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &accept);
    std::array<epoll_event, 64> ready;
    while (true) {
      const int n = epoll_wait(epoll_, ready.data(), ready.size(), -1);
      for (int i = 0; i < n; ++i) {
        auto* const peer = static_cast<Peer*>(ready[static_cast<size_t>(i)].data.ptr);
        if (peer == nullptr) {
          Accept();
        } else {
          OnReadable(peer);
        }
      }
    }
  }

  // Sockets block: clients read what they asked for.
  void Accept() {
    auto* const peer = new Peer;
    peer->fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const int on = 1;
    setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    peer->ssl = SSL_new(tls_->get());
    SSL_set_fd(peer->ssl, peer->fd);
    if (SSL_accept(peer->ssl) != 1) return Drop(peer);
    epoll_event event{EPOLLIN, {.ptr = peer}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, peer->fd, &event);
    // A request that came with the end of the handshake is no longer in the socket.
    if (SSL_has_pending(peer->ssl) == 1) OnReadable(peer);
  }

  void Drop(Peer* peer) {
    std::erase(watchers_, peer);
    SSL_free(peer->ssl);
    close(peer->fd);
    delete peer;
  }

  void OnReadable(Peer* peer) {
    std::array<char, 16 * 1024> buffer;
    do {
      const int got = SSL_read(peer->ssl, buffer.data(), buffer.size());
      if (got <= 0) return Drop(peer);
      peer->request.append(buffer.data(), static_cast<size_t>(got));
    } while (SSL_has_pending(peer->ssl) == 1);
    const size_t head = peer->request.find("\r\n\r\n");
    if (head == std::string::npos) return;
    size_t body = 0;
    constexpr std::string_view kLength = "Content-Length: ";
    if (const size_t at = peer->request.find(kLength); at < head) {
      body = std::strtoul(peer->request.c_str() + at + kLength.size(), nullptr, 10);
    }
    if (peer->request.size() < head + 4 + body) return;
    const bool post = peer->request.compare(0, 5, "POST ") == 0;
    const bool watch = !post && peer->request.find("watch=true") < head;
    peer->request.clear();
    if (watch) {
      Write(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      watchers_.push_back(peer);
      return;
    }
    Write(peer, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
    if (!post) return;
    for (Peer* watcher : watchers_) Write(watcher, event_);
  }

  static void Write(Peer* peer, const std::string& bytes) {
    // A broken connection is noticed when it becomes readable.
    size_t put = 0;
    for (size_t at = 0; at < bytes.size(); at += put) {
      if (SSL_write_ex(peer->ssl, bytes.data() + at, bytes.size() - at, &put) != 1) return;
    }
  }

  const std::shared_ptr<const TlsContext> tls_;
  const int listener_;
  const int epoll_;
  uint16_t port_ = 0;
  std::string event_;
  std::vector<Peer*> watchers_;
};

}  // namespace

std::unique_ptr<FanOutFloor> FanOutFloor::Start(const TlsFiles& tls, size_t event_bytes) {
  std::signal(SIGPIPE, SIG_IGN);
  auto context = TlsContext::Create(tls);
  if (!context.ok() || event_bytes == 0) return nullptr;
  return std::make_unique<FanOutFloorImpl>(*std::move(context), event_bytes);
}

}  // namespace gantry::apiserver::bench
