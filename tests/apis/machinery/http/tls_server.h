#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "apis/machinery/base/mutex.h"

namespace gantry::http {

// A certificate for 127.0.0.1 that is its own authority, and its key, as PEM.
struct Identity {
  std::string certificate;
  std::string key;
};
Identity MakeIdentity(const std::string& common_name);

// A small blocking HTTPS server on a port of its own, one thread a connection; for tests.
class TlsServer {
 public:
  struct Request {
    std::string method, target, body, peer;  // peer: common name of the client's certificate
    std::vector<std::pair<std::string, std::string>> headers;
    std::string Header(const std::string& name) const;
  };
  // Writes the answer's body piece by piece; false once the client is gone.
  using Write = std::function<bool(const std::string& piece)>;
  struct Answer {
    int status = 200;
    std::string body;
    std::function<void(const Write&)> stream;  // instead of `body`: chunks, until it returns
  };
  using Handler = std::function<Answer(const Request&)>;

  // WebSocket requests are echoed when the handler answers 200.
  TlsServer(const Identity& identity, Handler handler, bool plain = false);
  ~TlsServer();
  std::string url() const;
  int connections() const { return connections_; }

 private:
  struct Impl;
  void Accept();
  template <typename Stream>
  void Serve(Stream& stream, const std::string& peer);

  std::unique_ptr<Impl> impl_;
  Handler handler_;
  const bool plain_;
  std::atomic<int> connections_{0};
  std::thread acceptor_;
};

}  // namespace gantry::http
