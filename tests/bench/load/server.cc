#include "tests/bench/load/server.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstdio>
#include <cstdlib>

namespace gantry::bench {

void Fail(const std::string& message) {
  fmt::print(stderr, "bench_load: {}\n", message);
  std::exit(1);
}

Server::Server(Options options) : options_(std::move(options)) {
  std::string_view rest = options_.url;
  const bool https = rest.substr(0, 8) == "https://";
  if (!https && rest.substr(0, 7) != "http://") {
    Fail(fmt::format("'{}': the URL must begin with https:// or http://", options_.url));
  }
  rest.remove_prefix(https ? 8 : 7);
  rest = rest.substr(0, rest.find('/'));
  const size_t colon = rest.rfind(':');
  const bool has_port = colon != std::string_view::npos && rest.find(']', colon) == rest.npos;
  host_ = rest.substr(0, has_port ? colon : rest.size());
  port_ = has_port ? std::string(rest.substr(colon + 1)) : https ? "443" : "80";
  if (host_.size() > 1 && host_.front() == '[') host_ = host_.substr(1, host_.size() - 2);
  if (!https) return;

  tls_ = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(tls_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                             SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // One read(2) for several records.
  SSL_CTX_set_read_ahead(tls_, 1);
  SSL_CTX_set_default_read_buffer_len(tls_, 64 * 1024);
  if (options_.ca_file.empty()) return;
  SSL_CTX_set_verify(tls_, SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_locations(tls_, options_.ca_file.c_str(), nullptr) != 1) {
    Fail(fmt::format("'{}' has no certificate authority", options_.ca_file));
  }
}

std::string Server::Head(std::string_view method, std::string_view path, std::string_view extra,
                         size_t body_size) const {
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}:{}\r\n", method, path, host_, port_);
  if (!options_.token.empty()) head += fmt::format("Authorization: Bearer {}\r\n", options_.token);
  head += extra;
  if (method != "GET") head += fmt::format("Content-Length: {}\r\n", body_size);
  return head + "\r\n";
}

}  // namespace gantry::bench
