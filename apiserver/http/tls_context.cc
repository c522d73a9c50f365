#include "apiserver/http/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <string_view>

namespace gantry::apiserver {
namespace {

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

BioPtr Open(const std::string& pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
}

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
  ERR_clear_error();  // the end of the file is reported as an error

  const BioPtr bio = Open(files.key);
  const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  if (!key || SSL_CTX_use_PrivateKey(ctx, key.get()) != 1) return Failed("server key");
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
  if (!any) return Failed("client CA");
  ERR_clear_error();
  return OkStatus();
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::Create(const TlsFiles& files) {
  SSL_CTX* ctx = SSL_CTX_new(TLS_server_method());
  if (ctx == nullptr) return Failed("TLS context");
  const std::shared_ptr<const TlsContext> owner(new TlsContext(ctx));
  SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
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

TlsContext::~TlsContext() { SSL_CTX_free(ctx_); }

}  // namespace gantry::apiserver
