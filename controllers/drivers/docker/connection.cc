#include "controllers/drivers/docker/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "controllers/drivers/docker/tls_bio.h"

namespace gantry::docker {
namespace {

std::string ErrnoText(int error) {
  char buffer[128];
  std::string text = strerror_r(error, buffer, sizeof buffer);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

Error Broken(int error) {
  return Error(Code::kUnavailable, error == 0 ? "connection closed" : ErrnoText(error));
}

std::string HandshakeErrorText(const SSL* ssl) {
  const long verify = SSL_get_verify_result(ssl);
  if (verify != X509_V_OK) return X509_verify_cert_error_string(verify);
  const unsigned long code = ERR_get_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "connection closed" : reason;
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::Open(const Context& ctx,
                                                     std::shared_ptr<const Dialer> dialer) {
  std::unique_ptr<Connection> c(new Connection(std::move(dialer)));
  c->wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (c->wake_ < 0) return Broken(errno);
  const Context limited = ctx.WithTimeout(c->dialer_->connect_timeout_);
  Connection* raw = c.get();
  auto guard = limited.OnCancel([raw] { raw->Interrupt(); });
  Status status = c->Connect(limited);
  if (status.ok() && c->dialer_->tls_ != nullptr) {
    status = c->Handshake(limited).Wrap("TLS handshake");
  }
  guard.reset();
  if (!status.ok()) {
    return std::move(status).Wrap("connect to " + c->dialer_->endpoint_).error();
  }
  return c;
}

Connection::~Connection() {
  SSL_free(ssl_);
  if (fd_ >= 0) ::close(fd_);
  if (wake_ >= 0) ::close(wake_);
}

Status Connection::Connect(const Context& ctx) {
  if (dialer_->is_unix()) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, dialer_->path_.data(), dialer_->path_.size());
    return ConnectTo(ctx, AF_UNIX, &address, sizeof address);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int rc = ::getaddrinfo(dialer_->host_.c_str(), dialer_->port_.c_str(), &hints, &found);
  if (rc != 0) return Error(Code::kUnavailable, gai_strerror(rc));
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  Status last = Error(Code::kUnavailable, "no address");
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    last = ConnectTo(ctx, a->ai_family, a->ai_addr, a->ai_addrlen);
    if (last.ok() || last.code() != Code::kUnavailable) return last;
  }
  return last;
}

Status Connection::ConnectTo(const Context& ctx, int family, const void* address, unsigned length) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return Broken(errno);
  if (family != AF_UNIX) {
    // An events stream has no heartbeat: a host that vanished is found by keepalive.
    const int on = 1, idle = 15, interval = 5, count = 3;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd_, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(fd_, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    ::setsockopt(fd_, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    ::setsockopt(fd_, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
  }
  while (::connect(fd_, static_cast<const sockaddr*>(address), length) != 0) {
    if (errno == EAGAIN) {  // a unix socket whose backlog is full: there is nothing to poll for
      GANTRY_TRY(ctx.SleepFor(std::chrono::milliseconds(20)));
      continue;
    }
    if (errno != EINPROGRESS) return Broken(errno);
    GANTRY_TRY(WaitFor(ctx, POLLOUT));
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return Broken(error);
    break;
  }
  return OkStatus();
}

Status Connection::Handshake(const Context& ctx) {
  MutexLock lock(&tls_mu_);
  ERR_clear_error();
  ssl_ = SSL_new(dialer_->tls_);
  BIO* bio = NewSocketBio(fd_);
  if (ssl_ == nullptr || bio == nullptr) return Error(Code::kInternal, "out of memory");
  SSL_set_bio(ssl_, bio, bio);
  in6_addr ip{};
  const std::string& host = dialer_->host_;
  if (::inet_pton(AF_INET, host.c_str(), &ip) == 1 ||
      ::inet_pton(AF_INET6, host.c_str(), &ip) == 1) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), host.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl_, host.c_str());
    SSL_set1_host(ssl_, host.c_str());
  }
  while (true) {
    const int rc = SSL_connect(ssl_);
    if (rc == 1) return OkStatus();
    const int why = SSL_get_error(ssl_, rc);
    if (why == SSL_ERROR_WANT_READ) {
      GANTRY_TRY(WaitFor(ctx, POLLIN));
    } else if (why == SSL_ERROR_WANT_WRITE) {
      GANTRY_TRY(WaitFor(ctx, POLLOUT));
    } else {
      return Error(Code::kUnavailable, HandshakeErrorText(ssl_));
    }
  }
}

Status Connection::WaitFor(const Context& ctx, short events) {
  while (true) {
    if (interrupted_) {
      GANTRY_TRY(ctx.Check());
      return Error(Code::kCancelled, "connection closed by this side");
    }
    int timeout_ms = -1;
    if (const auto deadline = ctx.deadline()) {
      const auto left = *deadline - Clock::Real()->Mono();
      if (left <= Duration::zero()) return Error(Code::kTimeout, "deadline exceeded");
      const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
      timeout_ms = static_cast<int>(std::min<int64_t>(ms, 60 * 60 * 1000));
    }
    pollfd fds[2] = {{fd_, events, 0}, {wake_, POLLIN, 0}};
    const int n = ::poll(fds, 2, timeout_ms);
    if (n < 0 && errno != EINTR) return Broken(errno);
    if (n > 0 && fds[1].revents != 0) continue;
    if (n > 0) return OkStatus();  // also on POLLERR and POLLHUP: the next call says which error
  }
}

Result<size_t> Connection::Read(const Context& ctx, char* buffer, size_t size) {
  while (true) {
    short wait_for = POLLIN;
    if (dialer_->tls_ == nullptr) {
      const ssize_t n = ::recv(fd_, buffer, size, 0);
      if (n >= 0) return static_cast<size_t>(n);
      if (errno != EAGAIN && errno != EINTR) return Broken(errno);
    } else {
      MutexLock lock(&tls_mu_);
      ERR_clear_error();
      errno = 0;
      const int n = SSL_read(ssl_, buffer, static_cast<int>(std::min<size_t>(size, 1 << 20)));
      if (n > 0) return static_cast<size_t>(n);
      const int why = SSL_get_error(ssl_, n);
      if (why == SSL_ERROR_ZERO_RETURN) return size_t{0};
      if (why == SSL_ERROR_WANT_WRITE) {
        wait_for = POLLOUT;
      } else if (why != SSL_ERROR_WANT_READ) {
        return Broken(errno);
      }
    }
    GANTRY_TRY(WaitFor(ctx, wait_for));
  }
}

Status Connection::Write(const Context& ctx, std::string_view bytes) {
  while (!bytes.empty()) {
    if (interrupted_) return Error(Code::kCancelled, "connection closed by this side");
    short wait_for = POLLOUT;
    if (dialer_->tls_ == nullptr) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n >= 0) {
        bytes.remove_prefix(static_cast<size_t>(n));
        continue;
      }
      if (errno != EAGAIN && errno != EINTR) return Broken(errno);
    } else {
      MutexLock lock(&tls_mu_);
      ERR_clear_error();
      errno = 0;
      const int n =
          SSL_write(ssl_, bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), 1 << 20)));
      if (n > 0) {
        bytes.remove_prefix(static_cast<size_t>(n));
        continue;
      }
      const int why = SSL_get_error(ssl_, n);
      if (why == SSL_ERROR_WANT_READ) {
        wait_for = POLLIN;
      } else if (why != SSL_ERROR_WANT_WRITE) {
        return Broken(errno);
      }
    }
    GANTRY_TRY(WaitFor(ctx, wait_for));
  }
  return OkStatus();
}

Status Connection::ShutdownWrite() {
  if (dialer_->tls_ == nullptr) {
    if (::shutdown(fd_, SHUT_WR) != 0 && errno != ENOTCONN) return Broken(errno);
    return OkStatus();
  }
  MutexLock lock(&tls_mu_);
  ERR_clear_error();
  SSL_shutdown(ssl_);  // sends close_notify; the peer's is not waited for
  return OkStatus();
}

void Connection::Interrupt() {
  interrupted_ = true;
  const uint64_t one = 1;
  // Fails only when the counter is full, that is, when it is readable already.
  [[maybe_unused]] const ssize_t n = ::write(wake_, &one, sizeof one);
}

bool Connection::Stale() const {
  pollfd p{fd_, POLLIN, 0};
  return interrupted_ || ::poll(&p, 1, 0) != 0;
}

}  // namespace gantry::docker
