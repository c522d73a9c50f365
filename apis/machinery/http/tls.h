#pragma once

#include <memory>
#include <string>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/base/result.h"
#include "apis/machinery/http/options.h"

typedef struct ssl_ctx_st SSL_CTX;

namespace gantry::http {

// Why the last server certificate was refused; the HTTP libraries keep it to themselves.
// Thread-safe.
class VerifyRecord {
 public:
  void Set(std::string reason);
  // The reason, which is forgotten then; empty for none.
  std::string Take();

 private:
  Mutex mu_;
  std::string reason_ GUARDED_BY(mu_);
};

// Applies trust, client certificate and verification to a context. A refusal of the server's
// certificate goes to `record`, which must outlive the context. kBadRequest for unreadable PEM or a
// key that does not fit its certificate.
Status ConfigureTls(SSL_CTX* context, const TlsOptions& options, VerifyRecord* record);

// The same, into a context that is thrown away: are the options usable?
Status CheckTls(const TlsOptions& options);

}  // namespace gantry::http
