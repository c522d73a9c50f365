#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/un.h>

#include "controllers/drivers/docker/connection.h"

namespace gantry::docker {
namespace {

constexpr std::string_view kUnixScheme = "unix://";
constexpr std::string_view kTcpScheme = "tcp://";

Error TlsError(std::string_view what) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  std::string text = code == 0 ? "not usable" : ERR_reason_error_string(code);
  return Error(Code::kInvalid, fmt::format("{}: {}", what, text));
}

struct BioFree {
  void operator()(BIO* b) const { BIO_free(b); }
};
struct X509Free {
  void operator()(X509* x) const { X509_free(x); }
};
struct KeyFree {
  void operator()(EVP_PKEY* k) const { EVP_PKEY_free(k); }
};
using BioPtr = std::unique_ptr<BIO, BioFree>;
using X509Ptr = std::unique_ptr<X509, X509Free>;
using KeyPtr = std::unique_ptr<EVP_PKEY, KeyFree>;

BioPtr Memory(const std::string& pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

}  // namespace

Result<std::shared_ptr<const Dialer>> Dialer::Make(const EngineOptions& options) {
  std::shared_ptr<Dialer> d(new Dialer());
  d->endpoint_ = options.endpoint;
  d->connect_timeout_ = options.connect_timeout;
  const std::string_view e = options.endpoint;
  if (e.substr(0, kUnixScheme.size()) == kUnixScheme) {
    d->path_ = e.substr(kUnixScheme.size());
    if (d->path_.empty() || d->path_.size() >= sizeof(sockaddr_un::sun_path)) {
      return Error(Code::kInvalid, "unix endpoint must name a path of 1 to 107 characters");
    }
    return std::shared_ptr<const Dialer>(std::move(d));
  }
  if (e.substr(0, kTcpScheme.size()) != kTcpScheme) {
    return Error(Code::kInvalid,
                 fmt::format("endpoint must start with 'unix://' or 'tcp://', got '{}'", e));
  }
  const std::string_view address = e.substr(kTcpScheme.size());
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == address.size()) {
    return Error(Code::kInvalid,
                 fmt::format("endpoint must be 'tcp://<host>:<port>', got '{}'", e));
  }
  d->host_ = address.substr(0, colon);
  if (d->host_.size() > 2 && d->host_.front() == '[' && d->host_.back() == ']') {
    d->host_ = d->host_.substr(1, d->host_.size() - 2);
  }
  d->port_ = address.substr(colon + 1);
  if (options.tls) {
    GANTRY_TRY(d->LoadTls(*options.tls));
  } else if (!options.insecure) {
    return Error(Code::kInvalid,
                 fmt::format("endpoint '{}' needs TLS credentials (ca.pem, cert.pem, key.pem)", e));
  }
  return std::shared_ptr<const Dialer>(std::move(d));
}

Dialer::~Dialer() { SSL_CTX_free(tls_); }

Status Dialer::LoadTls(const TlsMaterial& tls) {
  ERR_clear_error();
  tls_ = SSL_CTX_new(TLS_client_method());
  if (tls_ == nullptr) return TlsError("TLS");
  SSL_CTX_set_min_proto_version(tls_, TLS1_2_VERSION);
  SSL_CTX_set_mode(tls_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                             SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(tls_, SSL_VERIFY_PEER, nullptr);

  BioPtr bio = Memory(tls.ca_pem);
  int count = 0;
  while (X509Ptr ca{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(tls_), ca.get());
    ++count;
  }
  if (count == 0) return TlsError("ca.pem");
  ERR_clear_error();  // the end of the file counts as an error there

  bio = Memory(tls.cert_pem);
  X509Ptr cert(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (cert == nullptr || SSL_CTX_use_certificate(tls_, cert.get()) != 1)
    return TlsError("cert.pem");
  while (X509Ptr chain{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (SSL_CTX_add1_chain_cert(tls_, chain.get()) != 1) return TlsError("cert.pem");
  }
  ERR_clear_error();

  bio = Memory(tls.key_pem);
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (key == nullptr || SSL_CTX_use_PrivateKey(tls_, key.get()) != 1) return TlsError("key.pem");
  if (SSL_CTX_check_private_key(tls_) != 1) return TlsError("key.pem does not fit cert.pem");
  return OkStatus();
}

}  // namespace gantry::docker
