#pragma once

#include <memory>
#include <string>

#include "apis/machinery/base/result.h"

struct ssl_ctx_st;

namespace gantry::apiserver {

// What a server proves itself with, and whom it believes; all PEM.
struct TlsFiles {
  std::string certificate;  // leaf first, then intermediates
  std::string key;
  std::string client_ca;  // issuer of client certificates
};

// An OpenSSL context for the listener: TLS 1.2 and later, ALPN http/1.1 only, no session tickets,
// buffers released when idle. A client certificate is asked for but not required; one that does not
// verify is treated as absent, so that a bearer token still counts. Thread-safe after creation.
class TlsContext {
 public:
  // kInvalid, saying which part OpenSSL did not accept.
  static Result<std::shared_ptr<const TlsContext>> Create(const TlsFiles& files);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  ssl_ctx_st* get() const { return ctx_; }

 private:
  explicit TlsContext(ssl_ctx_st* ctx) : ctx_(ctx) {}
  ssl_ctx_st* const ctx_;
};

}  // namespace gantry::apiserver
