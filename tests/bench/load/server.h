#pragma once

#include <cstdint>
#include <string>
#include <string_view>

struct ssl_ctx_st;

namespace gantry::bench {

// Ends the program with a message: a measurement that cannot go on has no result.
[[noreturn]] void Fail(const std::string& message);

// A server to load: where it is and who we are to it. `https://` or `http://`. Lives as long as the
// program.
class Server {
 public:
  struct Options {
    std::string url;
    std::string token;
    std::string ca_file;  // empty: the server's certificate is not checked
  };
  explicit Server(Options options);

  const std::string& host() const { return host_; }
  const std::string& port() const { return port_; }
  ssl_ctx_st* tls() const { return tls_; }  // null for http
  // The head of a request up to and including the empty line. `extra` are whole header lines.
  std::string Head(std::string_view method, std::string_view path, std::string_view extra,
                   size_t body_size) const;

 private:
  const Options options_;
  std::string host_;
  std::string port_;
  ssl_ctx_st* tls_ = nullptr;
};

}  // namespace gantry::bench
