#include "tests/bench/load/channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gantry::bench {
namespace {

int Connect(const Server& server) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(server.host().c_str(), server.port().c_str(), &hints, &found) != 0) {
    Fail(fmt::format("'{}' has no address", server.host()));
  }
  int fd = -1;
  for (const addrinfo* a = found; a != nullptr && fd < 0; a = a->ai_next) {
    fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
      close(fd);
      fd = -1;
    }
  }
  const int error = errno;
  freeaddrinfo(found);
  if (fd < 0) {
    Fail(fmt::format("{}:{}: {}", server.host(), server.port(), std::strerror(error)));
  }
  return fd;
}

}  // namespace

Channel::Channel(const Server& server) : fd_(Connect(server)) {
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (server.tls() != nullptr) {
    ssl_ = SSL_new(server.tls());
    SSL_set_fd(ssl_, fd_);
    SSL_set_tlsext_host_name(ssl_, server.host().c_str());
    if (SSL_connect(ssl_) != 1) {
      Fail(fmt::format("TLS handshake: {}", ERR_error_string(ERR_get_error(), nullptr)));
    }
  }
  fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
}

Channel::~Channel() {
  SSL_free(ssl_);
  close(fd_);
}

long Channel::Read(char* into, size_t size) {
  if (ssl_ == nullptr) {
    const ssize_t got = recv(fd_, into, size, 0);
    if (got > 0) return got;
    return got < 0 && errno == EAGAIN ? 0 : -1;
  }
  size_t got = 0;
  if (SSL_read_ex(ssl_, into, size, &got) == 1) return static_cast<long>(got);
  const int error = SSL_get_error(ssl_, 0);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return 0;
  ERR_clear_error();
  return -1;
}

bool Channel::Write(std::string_view* bytes) {
  while (!bytes->empty()) {
    size_t put = 0;
    if (ssl_ == nullptr) {
      const ssize_t n = send(fd_, bytes->data(), bytes->size(), MSG_NOSIGNAL);
      if (n < 0) return errno == EAGAIN;
      put = static_cast<size_t>(n);
    } else if (SSL_write_ex(ssl_, bytes->data(), bytes->size(), &put) != 1) {
      const int error = SSL_get_error(ssl_, 0);
      if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return true;
      ERR_clear_error();
      return false;
    }
    bytes->remove_prefix(put);
  }
  return true;
}

void Channel::WriteAll(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!Write(&bytes)) Fail("the server ended a connection");
    if (bytes.empty()) return;
    pollfd p{fd_, POLLOUT, 0};
    poll(&p, 1, -1);
  }
}

bool Channel::WaitReadable(int milliseconds) {
  if (HasBuffered()) return true;
  pollfd p{fd_, POLLIN, 0};
  return poll(&p, 1, milliseconds) > 0;
}

bool Channel::HasBuffered() const { return ssl_ != nullptr && SSL_has_pending(ssl_) == 1; }

}  // namespace gantry::bench
