#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "apis/machinery/base/context.h"
#include "apis/machinery/base/mutex.h"
#include "controllers/drivers/docker/docker.h"

struct ssl_st;
struct ssl_ctx_st;

namespace gantry::docker {

// Where an engine listens, parsed and with its TLS context made once.
class Dialer {
 public:
  // kInvalid when the endpoint or the TLS material is unusable.
  static Result<std::shared_ptr<const Dialer>> Make(const EngineOptions& options);
  ~Dialer();

  bool is_unix() const { return !path_.empty(); }
  const std::string& endpoint() const { return endpoint_; }

 private:
  friend class Connection;
  Dialer() = default;
  Status LoadTls(const TlsMaterial& tls);

  std::string endpoint_;
  std::string path_;  // unix socket; empty for tcp
  std::string host_;
  std::string port_;
  Duration connect_timeout_{};
  ssl_ctx_st* tls_ = nullptr;  // null: plain
};

// One byte stream to an engine: a non-blocking socket, with TLS when asked, and calls that block
// until a deadline or an interrupt. One thread may read while another writes.
class Connection {
 public:
  // kUnavailable when nobody listens or the TLS handshake fails, kTimeout after the connect
  // timeout.
  static Result<std::unique_ptr<Connection>> Open(const Context& ctx,
                                                  std::shared_ptr<const Dialer> dialer);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // At least one byte into `buffer`, or 0 at the end of the stream.
  Result<size_t> Read(const Context& ctx, char* buffer, size_t size);
  // All of `bytes`.
  Status Write(const Context& ctx, std::string_view bytes);
  // Ends our direction; the other stays open.
  Status ShutdownWrite();
  // Makes running and later calls fail with kCancelled. From any thread; may be called twice.
  void Interrupt();
  // Whether the peer closed or sent something while the connection was idle.
  bool Stale() const;

 private:
  explicit Connection(std::shared_ptr<const Dialer> dialer) : dialer_(std::move(dialer)) {}
  Status Connect(const Context& ctx);
  Status ConnectTo(const Context& ctx, int family, const void* address, unsigned length);
  Status Handshake(const Context& ctx);
  // Waits until the socket has one of `events` (POLLIN, POLLOUT).
  Status WaitFor(const Context& ctx, short events);

  const std::shared_ptr<const Dialer> dialer_;
  int fd_ = -1;
  int wake_ = -1;  // eventfd of Interrupt
  std::atomic<bool> interrupted_ = false;
  Mutex tls_mu_;  // an SSL object is not for two threads at once
  ssl_st* ssl_ PT_GUARDED_BY(tls_mu_) = nullptr;
};

}  // namespace gantry::docker
