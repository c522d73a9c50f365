#include "apis/machinery/http/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace gantry::http {
namespace {

struct Free {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(X509_STORE* p) const { X509_STORE_free(p); }
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

Error TlsError(const std::string& what) {
  char text[160] = "not PEM";
  if (const unsigned long e = ERR_get_error(); e != 0) ERR_error_string_n(e, text, sizeof text);
  ERR_clear_error();
  return Error(Code::kBadRequest, what + ": " + text);
}

Owned<BIO> Reader(const std::string& text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Status TrustOnly(SSL_CTX* context, const std::string& pem) {
  Owned<X509_STORE> store(X509_STORE_new());
  Owned<BIO> in = Reader(pem);
  int count = 0;
  while (Owned<X509> certificate{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(store.get(), certificate.get());
    ++count;
  }
  ERR_clear_error();  // the loop ends with "no start line"
  if (count == 0)
    return Error(Code::kBadRequest, "certificate authority: no certificate in PEM found");
  // As Go does: what is named is trusted, also when another one issued it.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_cert_store(context, store.release());
  return OkStatus();
}

Status Present(SSL_CTX* context, const TlsOptions& options) {
  if (options.client_key_pem.empty()) {
    return Error(Code::kBadRequest, "a client certificate needs its client key");
  }
  Owned<BIO> certs = Reader(options.client_cert_pem);
  Owned<X509> own(PEM_read_bio_X509(certs.get(), nullptr, nullptr, nullptr));
  if (!own || SSL_CTX_use_certificate(context, own.get()) != 1)
    return TlsError("client certificate");
  while (X509* extra = PEM_read_bio_X509(certs.get(), nullptr, nullptr, nullptr)) {
    if (SSL_CTX_add_extra_chain_cert(context, extra) != 1) X509_free(extra);
  }
  ERR_clear_error();
  Owned<BIO> key_text = Reader(options.client_key_pem);
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) return TlsError("client key");
  return OkStatus();
}

// OpenSSL's own verification, with its reason written down.
int VerifyAndRecord(X509_STORE_CTX* chain, void* record) {
  const int ok = X509_verify_cert(chain);
  if (ok != 1) {
    const int code = X509_STORE_CTX_get_error(chain);
    // The library's host name check refuses without an error of OpenSSL's.
    static_cast<VerifyRecord*>(record)->Set(code == X509_V_OK || code == X509_V_ERR_UNSPECIFIED
                                                ? "the certificate is not valid for this host name"
                                                : std::string("the certificate is not trusted: ") +
                                                      X509_verify_cert_error_string(code));
  }
  return ok;
}

}  // namespace

void VerifyRecord::Set(std::string reason) {
  MutexLock lock(&mu_);
  reason_ = std::move(reason);
}

std::string VerifyRecord::Take() {
  MutexLock lock(&mu_);
  return std::exchange(reason_, "");
}

Status ConfigureTls(SSL_CTX* context, const TlsOptions& options, VerifyRecord* record) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  if (!options.ca_pem.empty()) GANTRY_TRY(TrustOnly(context, options.ca_pem));
  if (!options.client_cert_pem.empty()) GANTRY_TRY(Present(context, options));
  if (record) SSL_CTX_set_cert_verify_callback(context, VerifyAndRecord, record);
  return OkStatus();
}

Status CheckTls(const TlsOptions& options) {
  Owned<SSL_CTX> context(SSL_CTX_new(TLS_client_method()));
  return ConfigureTls(context.get(), options, nullptr);
}

}  // namespace gantry::http
