#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "apiserver/auth/certificates.h"

struct ssl_st;
struct ssl_ctx_st;

namespace gantry::apiserver::testing {

// A blocking TLS client that says exactly what a test tells it, byte by byte. Reads give up after
// 20 s. Not thread-safe.
class TlsClient {
 public:
  struct Options {
    std::string ca;                   // the server must be issued by it
    std::optional<KeyPair> identity;  // client certificate
    std::string alpn = "http/1.1";
    int max_version = 0;     // TLS1_2_VERSION; 0: the newest
    std::string ciphers;     // up to TLS 1.2, as OpenSSL names them; empty: its choice
    int receive_buffer = 0;  // bytes of the socket's buffer; 0: the system's choice
  };
  struct Answer {
    int status = 0;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;                            // decoded from chunks
  };

  // Null when the handshake failed.
  static std::unique_ptr<TlsClient> Connect(uint16_t port, const Options& options);
  ~TlsClient();

  bool Send(std::string_view bytes);
  // One more piece of what arrives; empty at the end of the connection.
  std::string ReadSome();
  // A complete answer; status 0 when the connection ended before.
  Answer ReadAnswer(bool head_only = false);
  // Up to the empty line.
  Answer ReadHead();
  // The content of the next chunk; empty for the last one or the end of the connection.
  std::string ReadChunk();
  // Send and ReadAnswer of `GET <target>`.
  Answer Get(std::string_view target, std::string_view extra_headers = "");
  std::string protocol() const;  // chosen by ALPN
  std::string version() const;   // TLSv1.3
  std::string cipher() const;
  // The certificate that the server showed.
  std::string server_certificate() const;
  // Asks for a renegotiation (TLS 1.2); whether the server agreed.
  bool Renegotiate();
  // Closes without any farewell.
  void Drop();
  int fd() const { return fd_; }

 private:
  TlsClient() = default;
  bool Fill();
  bool ReadLine(std::string* line);
  bool ReadExactly(size_t n, std::string* out);

  int fd_ = -1;
  ssl_ctx_st* ctx_ = nullptr;
  ssl_st* ssl_ = nullptr;
  std::string buffer_;
};

}  // namespace gantry::apiserver::testing
