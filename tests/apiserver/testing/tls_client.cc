#include "tests/apiserver/testing/tls_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace gantry::apiserver::testing {
namespace {

BIO* Open(const std::string& pem) {
  return BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
}

X509* ParseCertificate(const std::string& pem) {
  BIO* bio = Open(pem);
  X509* parsed = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return parsed;
}

void UseIdentity(SSL_CTX* ctx, const KeyPair& identity) {
  X509* certificate = ParseCertificate(identity.certificate);
  BIO* bio = Open(identity.key);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  SSL_CTX_use_certificate(ctx, certificate);
  SSL_CTX_use_PrivateKey(ctx, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  BIO_free(bio);
}

int Dial(uint16_t port, int receive_buffer) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer > 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  const timeval patience{20, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) return fd;
  ::close(fd);
  return -1;
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

std::unique_ptr<TlsClient> TlsClient::Connect(uint16_t port, const Options& options) {
  // OpenSSL writes with write(2); a server that left must not end the test.
  std::signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<TlsClient> client(new TlsClient());
  client->fd_ = Dial(port, options.receive_buffer);
  if (client->fd_ < 0) return nullptr;
  client->ctx_ = SSL_CTX_new(TLS_client_method());
  if (X509* ca = ParseCertificate(options.ca)) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(client->ctx_), ca);
    X509_free(ca);
  }
  SSL_CTX_set_verify(client->ctx_, SSL_VERIFY_PEER, nullptr);
  if (options.identity) UseIdentity(client->ctx_, *options.identity);
  SSL_CTX_set_security_level(client->ctx_, 0);  // what to refuse is for the server to say
  SSL_CTX_set_min_proto_version(client->ctx_, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(client->ctx_, options.max_version);
  if (!options.ciphers.empty()) SSL_CTX_set_cipher_list(client->ctx_, options.ciphers.c_str());
  client->ssl_ = SSL_new(client->ctx_);
  SSL_set1_host(client->ssl_, "localhost");
  if (!options.alpn.empty()) {
    const std::string wire = static_cast<char>(options.alpn.size()) + options.alpn;
    SSL_set_alpn_protos(client->ssl_, reinterpret_cast<const unsigned char*>(wire.data()),
                        static_cast<unsigned>(wire.size()));
  }
  SSL_set_fd(client->ssl_, client->fd_);
  const bool connected = SSL_connect(client->ssl_) == 1;
  ERR_clear_error();
  return connected ? std::move(client) : nullptr;
}

TlsClient::~TlsClient() {
  SSL_free(ssl_);
  SSL_CTX_free(ctx_);
  if (fd_ >= 0) ::close(fd_);
}

void TlsClient::Drop() { ::close(std::exchange(fd_, -1)); }

bool TlsClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    size_t n = 0;
    if (SSL_write_ex(ssl_, bytes.data(), bytes.size(), &n) != 1) {
      ERR_clear_error();
      return false;
    }
    bytes.remove_prefix(n);
  }
  return true;
}

bool TlsClient::Fill() {
  char piece[16384];
  size_t n = 0;
  if (SSL_read_ex(ssl_, piece, sizeof piece, &n) != 1) {
    ERR_clear_error();
    return false;
  }
  buffer_.append(piece, n);
  return true;
}

std::string TlsClient::ReadSome() {
  if (buffer_.empty()) Fill();
  return std::exchange(buffer_, {});
}

bool TlsClient::ReadLine(std::string* line) {
  size_t end;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!Fill()) return false;
  }
  *line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return true;
}

bool TlsClient::ReadExactly(size_t n, std::string* out) {
  while (buffer_.size() < n) {
    if (!Fill()) return false;
  }
  out->append(buffer_, 0, n);
  buffer_.erase(0, n);
  return true;
}

TlsClient::Answer TlsClient::ReadHead() {
  Answer answer;
  std::string line;
  if (!ReadLine(&line) || line.size() < 12) return answer;
  const int status = std::stoi(line.substr(9, 3));
  while (ReadLine(&line)) {
    if (line.empty()) {
      answer.status = status;
      break;
    }
    const size_t colon = line.find(": ");
    answer.headers[Lower(line.substr(0, colon))] = line.substr(colon + 2);
  }
  return answer;
}

std::string TlsClient::ReadChunk() {
  std::string line;
  if (!ReadLine(&line)) return {};
  std::string chunk;
  const size_t size = std::stoul(line, nullptr, 16);
  if (!ReadExactly(size, &chunk)) return {};
  ReadLine(&line);
  return chunk;
}

TlsClient::Answer TlsClient::ReadAnswer(bool head_only) {
  Answer answer = ReadHead();
  if (answer.status == 0 || head_only) return answer;
  if (answer.headers.count("transfer-encoding") != 0) {
    for (std::string chunk; !(chunk = ReadChunk()).empty();) answer.body += chunk;
  } else if (const auto length = answer.headers.find("content-length");
             length != answer.headers.end()) {
    if (!ReadExactly(std::stoul(length->second), &answer.body)) answer.status = 0;
  } else if (answer.status >= 200 && answer.status != 204) {
    while (Fill()) {
    }
    answer.body = std::exchange(buffer_, {});
  }
  return answer;
}

TlsClient::Answer TlsClient::Get(std::string_view target, std::string_view extra_headers) {
  std::string request("GET ");
  request.append(target).append(" HTTP/1.1\r\nHost: localhost\r\n").append(extra_headers);
  if (!Send(request + "\r\n")) return {};
  return ReadAnswer();
}

std::string TlsClient::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &name, &size);
  return std::string(reinterpret_cast<const char*>(name), size);
}

std::string TlsClient::version() const { return SSL_get_version(ssl_); }

std::string TlsClient::cipher() const { return SSL_get_cipher_name(ssl_); }

std::string TlsClient::server_certificate() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, SSL_get0_peer_certificate(ssl_));
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string pem(text, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

bool TlsClient::Renegotiate() {
  const bool done = SSL_renegotiate(ssl_) == 1 && SSL_do_handshake(ssl_) == 1 && Send("\r\n") &&
                    SSL_num_renegotiations(ssl_) > 0 && !SSL_renegotiate_pending(ssl_);
  ERR_clear_error();
  return done;
}

}  // namespace gantry::apiserver::testing
