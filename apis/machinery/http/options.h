#pragma once

#include <string>

// How to reach an HTTPS server and who to be there.
namespace gantry::http {

// PEM texts, not file names. Empty: not given.
struct TlsOptions {
  std::string ca_pem;           // whom to trust; empty: what the machine trusts
  std::string client_cert_pem;  // the chain, the client's own certificate first
  std::string client_key_pem;
  std::string server_name;  // the name to ask for and to check, when it is not the URL's host
  bool insecure_skip_verify = false;
};

struct TransportOptions {
  std::string server;  // https://127.0.0.1:7443, or with a path that precedes every target
  TlsOptions tls;
  std::string token;       // bearer token
  std::string token_file;  // read for every request, because it may be renewed; wins over `token`
  std::string username;    // basic authentication
  std::string password;
  std::string proxy;  // http://host:port; empty: none. See ProxyFromEnvironment
};

// The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY (or their lower-case forms) demand for
// `server`; empty for none. Loopback addresses never have one.
std::string ProxyFromEnvironment(const std::string& server);

// The parts of a server's URL.
struct Endpoint {
  bool tls = true;
  std::string host;  // without the brackets of an IPv6 address
  std::string port;
  std::string path;  // without a slash at its end
  // `127.0.0.1:7443`, for messages and for the Host header.
  std::string Authority() const;
};

// False unless `url` is http:// or https:// with a host.
bool ParseEndpoint(const std::string& url, Endpoint* out);

}  // namespace gantry::http
