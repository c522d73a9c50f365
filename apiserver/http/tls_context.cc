#include "apiserver/http/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <string_view>

namespace gantry::apiserver {
namespace {

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)>;

std::atomic<uint64_t> last_serial{0};

BioPtr Open(const std::string& pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
}

// AES-GCM and ChaCha20-Poly1305 with ephemeral keys; TLS 1.3 has nothing else anyway.
constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr char kCurves[] = "X25519:P-256:P-384";

X509Ptr ReadCertificate(BIO* bio) {
  return X509Ptr(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr), &X509_free);
}

Error Failed(std::string_view what) {
  char text[256] = "malformed PEM";
  if (const unsigned long code = ERR_get_error(); code != 0) {
    ERR_error_string_n(code, text, sizeof text);
  }
  ERR_clear_error();
  return Error(Code::kInvalid, std::string(what) + ": " + text);
}

// After the last certificate of a text: whether it ended there, and not in something malformed.
bool AtEnd() {
  const unsigned long code = ERR_peek_last_error();
  if (code != 0 &&
      !(ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE)) {
    return false;
  }
  ERR_clear_error();
  return true;
}

// Chooses http/1.1 whatever else the client offers.
int SelectProtocol(SSL*, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int found =
      SSL_select_next_proto(&chosen, out_size, kOurs, sizeof kOurs - 1, offered, offered_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// The handshake goes on with a bad certificate; TlsSocket asks for the result afterwards.
int AcceptAnyCertificate(int, X509_STORE_CTX*) { return 1; }

Status UseCertificate(SSL_CTX* ctx, const TlsFiles& files) {
  const BioPtr chain = Open(files.certificate);
  const X509Ptr leaf = ReadCertificate(chain.get());
  if (!leaf || SSL_CTX_use_certificate(ctx, leaf.get()) != 1) return Failed("server certificate");
  while (X509Ptr next = ReadCertificate(chain.get())) {
    if (SSL_CTX_add1_chain_cert(ctx, next.get()) != 1) return Failed("server certificate chain");
  }
  if (!AtEnd()) return Failed("server certificate chain");

  const BioPtr bio = Open(files.key);
  const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  if (!key || SSL_CTX_use_PrivateKey(ctx, key.get()) != 1) return Failed("server key");
  // A key of another sort than the certificate's is taken above, beside it.
  if (SSL_CTX_check_private_key(ctx) != 1) return Failed("server key");
  return OkStatus();
}

Status TrustClients(SSL_CTX* ctx, const std::string& pem) {
  const BioPtr bio = Open(pem);
  bool any = false;
  while (X509Ptr ca = ReadCertificate(bio.get())) {
    any = true;
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca.get()) != 1 ||
        SSL_CTX_add_client_CA(ctx, ca.get()) != 1) {
      return Failed("client CA");
    }
  }
  if (!any || !AtEnd()) return Failed("client CA");
  return OkStatus();
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::Create(const TlsFiles& files) {
  ERR_clear_error();
  SSL_CTX* ctx = SSL_CTX_new(TLS_server_method());
  if (ctx == nullptr) return Failed("TLS context");
  const std::shared_ptr<const TlsContext> owner(new TlsContext(ctx));
  SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
  if (SSL_CTX_set_cipher_list(ctx, kCiphers) != 1 || SSL_CTX_set1_groups_list(ctx, kCurves) != 1) {
    return Failed("TLS ciphers");
  }
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                               SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_num_tickets(ctx, 0);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(ctx, 1);  // one read(2) a record instead of two
  SSL_CTX_set_alpn_select_cb(ctx, SelectProtocol, nullptr);
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, AcceptAnyCertificate);
  GANTRY_TRY(UseCertificate(ctx, files));
  GANTRY_TRY(TrustClients(ctx, files.client_ca));
  return owner;
}

TlsContext::TlsContext(ssl_ctx_st* ctx) : ctx_(ctx), serial_(++last_serial) {}
TlsContext::~TlsContext() { SSL_CTX_free(ctx_); }

bool TlsContext::Trusts(ssl_st* connection) const {
  X509* const peer = SSL_get0_peer_certificate(connection);
  const StoreContextPtr check(X509_STORE_CTX_new(), &X509_STORE_CTX_free);
  if (peer == nullptr || !check) return false;
  const bool trusted = X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(ctx_), peer,
                                           SSL_get_peer_cert_chain(connection)) == 1 &&
                       X509_STORE_CTX_set_default(check.get(), "ssl_client") == 1 &&
                       X509_verify_cert(check.get()) == 1;
  ERR_clear_error();
  return trusted;
}

std::shared_ptr<const TlsContext> TlsSource::Get() const {
  MutexLock lock(&mu_);
  return current_;
}

void TlsSource::Set(std::shared_ptr<const TlsContext> next) {
  MutexLock lock(&mu_);
  current_ = std::move(next);
  serial_.store(current_->serial(), std::memory_order_release);
}

}  // namespace gantry::apiserver
