#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apis/machinery/base/json.h"
#include "controllers/drivers/docker/connection.h"
#include "controllers/drivers/docker/http_parser.h"

namespace gantry::docker {

struct Call {
  std::string method;
  std::string path;  // without the version: `/containers/json`
  std::vector<std::pair<std::string, std::string>> query;
  std::string body;  // JSON; none when empty
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<Duration> limit;  // empty: the client's; zero: none but the context's
};

struct Answer {
  int status = 0;
  std::string body;
};

// The body of an answer as it arrives, or both directions of a hijacked connection. Read from one
// thread; the other methods from any.
class ByteStream {
 public:
  ByteStream(const Context& ctx, std::unique_ptr<Connection> connection, ResponseParser parser,
             bool hijacked);
  ~ByteStream();
  // The next bytes; empty at the end.
  Result<std::string> Read();
  Status Write(std::string_view bytes);
  Status CloseInput();
  void Close();

 private:
  const Context ctx_;
  const std::unique_ptr<Connection> connection_;
  const bool hijacked_;
  ResponseParser parser_;  // of the reading thread
  std::string first_;      // of the reading thread: what came with the header
  std::shared_ptr<void> guard_;
};

// HTTP/1.1 to one engine: a pool of idle connections, and the API version put before each path.
// Negotiated at the first call and whenever the daemon was gone since, as another one may have
// returned. Thread-safe.
class HttpClient {
 public:
  HttpClient(std::shared_ptr<const Dialer> dialer, Duration call_timeout)
      : dialer_(std::move(dialer)), call_timeout_(call_timeout) {}

  // The whole answer. Status >= 400 is an Error.
  Result<Answer> Do(const Context& ctx, const Call& call);
  Result<Json> DoJson(const Context& ctx, const Call& call);
  // Returns when the header arrived; only until then does the call's limit hold.
  Result<std::unique_ptr<ByteStream>> Stream(const Context& ctx, const Call& call);
  // The same, and takes the connection over in both directions.
  Result<std::unique_ptr<ByteStream>> Hijack(const Context& ctx, Call call);

  // Asks the daemon; kInvalid when it is too old.
  Status Negotiate(const Context& ctx);
  std::string api_version() const;
  // The same, asked of the daemon when it is not known yet.
  Result<std::string> Version(const Context& ctx);
  // The same, asked of the engine when it is not known yet.

 private:
  Result<std::unique_ptr<ByteStream>> Open(const Context& ctx, const Call& call, bool hijack);
  // Closes the idle connections if the daemon closed one: it may have been replaced.
  void DropStale();
  // An idle connection, else a new one.
  Result<std::unique_ptr<Connection>> Take(const Context& ctx, bool* reused);
  void Give(std::unique_ptr<Connection> connection);
  void Forget();
  Result<Answer> Exchange(const Context& ctx, const std::string& version, const Call& call);
  Result<Answer> ExchangeOn(const Context& ctx, Connection* connection, const std::string& request,
                            bool* keep);

  const std::shared_ptr<const Dialer> dialer_;
  const Duration call_timeout_;
  mutable Mutex mu_;
  std::vector<std::unique_ptr<Connection>> idle_ GUARDED_BY(mu_);
  std::string version_ GUARDED_BY(mu_);  // empty: to be negotiated
};

// Percent-encodes everything but unreserved characters.
std::string UrlEncode(std::string_view text);

}  // namespace gantry::docker
