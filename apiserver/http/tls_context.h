#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/base/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace gantry::apiserver {

// What a server proves itself with, and whom it believes; all PEM.
struct TlsFiles {
  std::string certificate;  // leaf first, then intermediates
  std::string key;
  std::string client_ca;  // issuers of client certificates, one behind the other
  bool operator==(const TlsFiles&) const = default;
};

// An OpenSSL context for the listener: TLS 1.2 and 1.3 with forward secrecy and authenticated
// encryption only, ALPN http/1.1 only, neither renegotiation nor compression nor session tickets,
// buffers released when idle. A client certificate is asked for but not required; one that does not
// verify is treated as absent, so that a bearer token still counts. Thread-safe after creation.
class TlsContext {
 public:
  // kInvalid, saying which part OpenSSL did not accept: also when the key is not the certificate's,
  // or when anything in a list of certificates is malformed.
  static Result<std::shared_ptr<const TlsContext>> Create(const TlsFiles& files);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  ssl_ctx_st* get() const { return ctx_; }
  // Tells contexts apart.
  uint64_t serial() const { return serial_; }
  // Whether the client certificate that was shown on a connection would be believed here and now.
  bool Trusts(ssl_st* connection) const;

 private:
  explicit TlsContext(ssl_ctx_st* ctx);
  ssl_ctx_st* const ctx_;
  const uint64_t serial_;
};

// The context of new handshakes, which may change at any time; connections keep theirs.
// Thread-safe.
class TlsSource {
 public:
  explicit TlsSource(std::shared_ptr<const TlsContext> first) { Set(std::move(first)); }
  std::shared_ptr<const TlsContext> Get() const;
  void Set(std::shared_ptr<const TlsContext> next);
  // Of the context that Get gives.
  uint64_t serial() const { return serial_.load(std::memory_order_acquire); }

 private:
  mutable Mutex mu_;
  std::shared_ptr<const TlsContext> current_ GUARDED_BY(mu_);
  std::atomic<uint64_t> serial_{0};
};

}  // namespace gantry::apiserver
