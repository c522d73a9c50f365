#include "controllers/drivers/docker/http_client.h"

#include "controllers/drivers/docker/api_version.h"
#include "controllers/drivers/docker/errors.h"

namespace gantry::docker {
namespace {

constexpr size_t kMaxIdle = 4;
constexpr size_t kReadSize = 16 * 1024;

// The request as it goes over the wire; `version` may be empty.
std::string Serialize(const Call& call, const std::string& version) {
  std::string target;
  if (!version.empty()) target += "/v" + version;
  target += call.path;
  char separator = '?';
  for (const auto& [name, value] : call.query) {
    target += separator + UrlEncode(name) + "=" + UrlEncode(value);
    separator = '&';
  }
  std::string out =
      fmt::format("{} {} HTTP/1.1\r\nHost: docker\r\nUser-Agent: gantry\r\n", call.method, target);
  for (const auto& [name, value] : call.headers) out += fmt::format("{}: {}\r\n", name, value);
  if (!call.body.empty()) out += "Content-Type: application/json\r\n";
  if (!call.body.empty() || call.method == "POST") {
    out += fmt::format("Content-Length: {}\r\n", call.body.size());
  }
  return out + "\r\n" + call.body;
}

Status ReadHeader(const Context& ctx, Connection* connection, ResponseParser* parser) {
  char buffer[kReadSize];
  while (!parser->header_done()) {
    GANTRY_TRY_SET(const size_t n, connection->Read(ctx, buffer, sizeof buffer));
    if (n == 0) {
      GANTRY_TRY(parser->FeedEof());
      return Error(Code::kUnavailable, "connection closed");
    }
    GANTRY_TRY(parser->Feed({buffer, n}, false));
  }
  return OkStatus();
}

Status ReadBody(const Context& ctx, Connection* connection, ResponseParser* parser) {
  GANTRY_TRY(parser->Feed({}, true));
  char buffer[kReadSize];
  while (!parser->done()) {
    GANTRY_TRY_SET(const size_t n, connection->Read(ctx, buffer, sizeof buffer));
    if (n == 0) return parser->FeedEof();
    GANTRY_TRY(parser->Feed({buffer, n}, true));
  }
  return OkStatus();
}

std::shared_ptr<void> InterruptOnCancel(const Context& ctx, Connection* connection) {
  return ctx.OnCancel([connection] { connection->Interrupt(); });
}

}  // namespace

std::string UrlEncode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const unsigned char c : text) {
    if (isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += static_cast<char>(c);
    } else {
      out += {'%', kHex[c >> 4], kHex[c & 15]};
    }
  }
  return out;
}

ByteStream::ByteStream(const Context& ctx, std::unique_ptr<Connection> connection,
                       ResponseParser parser, bool hijacked)
    : ctx_(ctx),
      connection_(std::move(connection)),
      hijacked_(hijacked),
      parser_(std::move(parser)) {
  if (hijacked_) first_ = parser_.TakeRest();
  guard_ = InterruptOnCancel(ctx_, connection_.get());
}

ByteStream::~ByteStream() { guard_.reset(); }

Result<std::string> ByteStream::Read() {
  if (!first_.empty()) return std::exchange(first_, {});
  char buffer[kReadSize];
  if (hijacked_) {
    GANTRY_TRY_SET(const size_t n, connection_->Read(ctx_, buffer, sizeof buffer));
    return std::string(buffer, n);
  }
  while (true) {
    GANTRY_TRY(parser_.Feed({}, true));
    if (std::string body = parser_.TakeBody(); !body.empty()) return body;
    if (parser_.done()) return std::string();
    GANTRY_TRY_SET(const size_t n, connection_->Read(ctx_, buffer, sizeof buffer));
    if (n == 0) {
      GANTRY_TRY(parser_.FeedEof());
      return parser_.TakeBody();
    }
    GANTRY_TRY(parser_.Feed({buffer, n}, true));
  }
}

Status ByteStream::Write(std::string_view bytes) { return connection_->Write(ctx_, bytes); }
Status ByteStream::CloseInput() { return connection_->ShutdownWrite(); }
void ByteStream::Close() { connection_->Interrupt(); }

std::string HttpClient::api_version() const {
  MutexLock lock(&mu_);
  return version_;
}

void HttpClient::Forget() {
  std::vector<std::unique_ptr<Connection>> closed;
  MutexLock lock(&mu_);
  version_.clear();
  closed.swap(idle_);
}

void HttpClient::DropStale() {
  {
    MutexLock lock(&mu_);
    const bool stale = std::any_of(idle_.begin(), idle_.end(),
                                   [](const auto& connection) { return connection->Stale(); });
    if (!stale) return;
  }
  Forget();
}

Result<std::unique_ptr<Connection>> HttpClient::Take(const Context& ctx, bool* reused) {
  {
    MutexLock lock(&mu_);
    *reused = !idle_.empty();
    if (*reused) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  auto opened = Connection::Open(ctx, dialer_);
  if (!opened.ok() && opened.code() == Code::kUnavailable) Forget();
  return opened;
}

void HttpClient::Give(std::unique_ptr<Connection> connection) {
  MutexLock lock(&mu_);
  if (idle_.size() < kMaxIdle) idle_.push_back(std::move(connection));
}

Result<Answer> HttpClient::ExchangeOn(const Context& ctx, Connection* connection,
                                      const std::string& request, bool* keep) {
  auto guard = InterruptOnCancel(ctx, connection);
  GANTRY_TRY(connection->Write(ctx, request));
  ResponseParser parser;
  GANTRY_TRY(ReadHeader(ctx, connection, &parser));
  GANTRY_TRY(ReadBody(ctx, connection, &parser));
  *keep = parser.done() && parser.keep_alive();
  return Answer{parser.status(), parser.TakeBody()};
}

Result<Answer> HttpClient::Exchange(const Context& ctx, const std::string& version,
                                    const Call& call) {
  const std::string request = Serialize(call, version);
  while (true) {
    bool reused = false;
    GANTRY_TRY_SET(std::unique_ptr<Connection> connection, Take(ctx, &reused));
    bool keep = false;
    auto answer = ExchangeOn(ctx, connection.get(), request, &keep);
    if (answer.ok()) {
      if (keep) Give(std::move(connection));
      return answer;
    }
    if (answer.code() == Code::kUnavailable) {
      Forget();
      // The daemon may have closed the idle connection just then; a GET can be asked again.
      if (reused && call.method == "GET") continue;
    }
    return std::move(answer).Wrap(dialer_->endpoint());
  }
}

Status HttpClient::Negotiate(const Context& ctx) {
  const Context limited = ctx.WithTimeout(call_timeout_);
  DropStale();
  bool reused = false;
  GANTRY_TRY_SET(std::unique_ptr<Connection> connection, Take(limited, &reused));
  Call ping;
  ping.method = "GET";
  ping.path = "/_ping";
  auto guard = InterruptOnCancel(limited, connection.get());
  ResponseParser parser;
  Status status = connection->Write(limited, Serialize(ping, ""));
  if (status.ok()) status = ReadHeader(limited, connection.get(), &parser);
  if (status.ok()) status = ReadBody(limited, connection.get(), &parser);
  guard.reset();
  if (!status.ok()) {
    if (status.code() == Code::kUnavailable) Forget();
    return std::move(status).Wrap(dialer_->endpoint());
  }
  if (parser.status() >= 400) return ErrorFromAnswer(parser.status(), parser.TakeBody());
  GANTRY_TRY_SET(std::string version, ChooseApiVersion(parser.Header("Api-Version")));
  if (parser.keep_alive()) Give(std::move(connection));
  MutexLock lock(&mu_);
  version_ = std::move(version);
  return OkStatus();
}

Result<std::string> HttpClient::Version(const Context& ctx) {
  DropStale();
  if (std::string v = api_version(); !v.empty()) return v;
  GANTRY_TRY(Negotiate(ctx));
  if (std::string v = api_version(); !v.empty()) return v;
  return Error(Code::kUnavailable, dialer_->endpoint() + ": connection closed");
}

Result<Answer> HttpClient::Do(const Context& ctx, const Call& call) {
  const Duration limit = call.limit.value_or(call_timeout_);
  const Context limited = limit == Duration::zero() ? ctx : ctx.WithTimeout(limit);
  for (int attempt = 0;; ++attempt) {
    GANTRY_TRY_SET(const std::string version, Version(limited));
    GANTRY_TRY_SET(Answer answer, Exchange(limited, version, call));
    if (answer.status < 400) return answer;
    Error error = ErrorFromAnswer(answer.status, answer.body);
    // Another daemon may answer than the one that the version was agreed with.
    if (attempt == 0 && error.code == Code::kBadRequest && IsVersionRefusal(error.message)) {
      GANTRY_TRY(Negotiate(limited));
      continue;
    }
    return error;
  }
}

Result<Json> HttpClient::DoJson(const Context& ctx, const Call& call) {
  GANTRY_TRY_SET(const Answer answer, Do(ctx, call));
  return ParseJson(answer.body).Wrap(call.path);
}

Result<std::unique_ptr<ByteStream>> HttpClient::Open(const Context& ctx, const Call& call,
                                                     bool hijack) {
  const Context limited = ctx.WithTimeout(call.limit.value_or(call_timeout_));
  GANTRY_TRY_SET(const std::string version, Version(limited));
  GANTRY_TRY_SET(std::unique_ptr<Connection> connection, Connection::Open(limited, dialer_));
  auto guard = InterruptOnCancel(limited, connection.get());
  ResponseParser parser;
  Status status = connection->Write(limited, Serialize(call, version));
  if (status.ok()) status = ReadHeader(limited, connection.get(), &parser);
  if (status.ok() && parser.status() >= 400) {
    status = ReadBody(limited, connection.get(), &parser);
    if (status.ok()) return ErrorFromAnswer(parser.status(), parser.TakeBody());
  }
  guard.reset();
  if (!status.ok()) return std::move(status).Wrap(dialer_->endpoint()).error();
  return std::make_unique<ByteStream>(ctx, std::move(connection), std::move(parser), hijack);
}

Result<std::unique_ptr<ByteStream>> HttpClient::Stream(const Context& ctx, const Call& call) {
  return Open(ctx, call, false);
}

Result<std::unique_ptr<ByteStream>> HttpClient::Hijack(const Context& ctx, Call call) {
  call.headers.emplace_back("Upgrade", "tcp");
  call.headers.emplace_back("Connection", "Upgrade");
  return Open(ctx, call, true);
}

}  // namespace gantry::docker
