#pragma once

#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include "apis/client/client.h"
#include "apis/machinery/kubeconfig/kubeconfig.h"

namespace gantry::kubectl {

class Mapper;

// Where a run of the CLI reads and writes.
struct Io {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_tty = false;
  bool out_tty = false;
  bool err_tty = false;
};

// What every verb shares: the flags that stand before or after it, the connection, and the kinds
// that the server has. Everything is made at first use. Not thread-safe.
class Session {
 public:
  explicit Session(Io io);
  // With a given transport instead of one from a kubeconfig, for tests.
  Session(Io io, std::shared_ptr<client::Transport> transport);
  ~Session();

  kubeconfig::Overrides flags;
  std::string request_timeout;  // `10s`; empty or `0`: none

  Io& io() { return io_; }
  const Context& ctx() const { return ctx_; }
  Result<const client::Client*> client();
  // What the server serves, read once; `Refresh` reads again.
  Result<const Mapper*> mapper();
  Status RefreshMapper();
  // How the server is reached; after client(). Empty with a given transport.
  const http::TransportOptions& transport_options() const { return options_; }
  // The namespace of -n, else of the context, else `default`.
  Result<std::string> ns();

  // A request with an Accept of the caller's; the JSON answer, or the server's error.
  Result<Json> Fetch(const std::string& method, const std::string& target,
                     const std::string& accept);
  Result<std::string> FetchText(const std::string& target);

 private:
  Status Connect();
  Context Limited() const;

  Io io_;
  Context ctx_;
  std::shared_ptr<client::Transport> transport_;
  http::TransportOptions options_;
  std::unique_ptr<client::Client> client_;
  std::unique_ptr<Mapper> mapper_;
  std::optional<std::string> ns_;
};

}  // namespace gantry::kubectl
