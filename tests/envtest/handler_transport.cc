#include "tests/envtest/handler_transport.h"

#include "apis/machinery/base/json.h"
#include "apiserver/http/url.h"

namespace gantry::testing {
namespace {

using apiserver::BodyStream;
using apiserver::Request;
using apiserver::RequestInfo;
using apiserver::Response;

std::vector<std::string> Segments(const std::string& path) {
  std::vector<std::string> parts;
  for (size_t from = 1; from < path.size();) {
    const size_t end = std::min(path.find('/', from), path.size());
    parts.push_back(path.substr(from, end - from));
    from = end + 1;
  }
  return parts;
}

RequestInfo InfoOf(const Request& request) {
  RequestInfo info;
  std::vector<std::string> parts = Segments(request.path);
  size_t at = 0;
  if (parts.size() >= 3 && parts[0] == "api") {
    info.version = parts[1];
    at = 2;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    info.group = parts[1];
    info.version = parts[2];
    at = 3;
  } else {
    return info;
  }
  info.is_resource = true;
  if (parts[at] == "namespaces" && parts.size() > at + 2 && parts[at + 2] != "status" &&
      parts[at + 2] != "finalize") {
    info.ns = parts[at + 1];
    at += 2;
  }
  info.resource = parts[at];
  if (parts.size() > at + 1) info.name = parts[at + 1];
  if (parts.size() > at + 2) info.subresource = parts[at + 2];
  const bool named = !info.name.empty();
  if (request.method == "GET") {
    info.verb = request.query.Has("watch") ? "watch" : named ? "get" : "list";
  } else if (request.method == "POST") {
    info.verb = "create";
  } else if (request.method == "PUT") {
    info.verb = "update";
  } else if (request.method == "PATCH") {
    info.verb = "patch";
  } else {
    info.verb = named ? "delete" : "deletecollection";
  }
  return info;
}

// Blocks for the bytes of a BodyStream.
class BlockingStream : public client::ByteStream {
 public:
  BlockingStream(std::unique_ptr<BodyStream> body, const Context& ctx) : body_(std::move(body)) {
    guard_ = ctx.OnCancel([this] { Close(); });
  }
  ~BlockingStream() override {
    guard_.reset();
    body_->OnReady(nullptr);
  }

  Result<std::string> Read() override {
    while (true) {
      {
        MutexLock lock(&mu_);
        if (closed_) return Error(Code::kCancelled, "the stream was closed");
        ready_ = false;
      }
      std::string out;
      if (ended_) return out;
      const BodyStream::State state = body_->Pull(&out, 64 * 1024);
      ended_ = state == BodyStream::State::kEnd;
      if (!out.empty() || ended_) return out;
      if (state == BodyStream::State::kMore) continue;
      body_->OnReady([this] { Wake(&ready_); });
      MutexLock lock(&mu_);
      while (!ready_ && !closed_) changed_.Wait(&mu_);
    }
  }
  void Close() override { Wake(&closed_); }

 private:
  void Wake(bool* flag) {
    MutexLock lock(&mu_);
    *flag = true;
    changed_.SignalAll();
  }

  const std::unique_ptr<BodyStream> body_;
  bool ended_ = false;
  std::shared_ptr<void> guard_;
  Mutex mu_;
  CondVar changed_;
  bool ready_ = false;
  bool closed_ = false;
};

std::string ReadAll(Response* response) {
  if (response->shared_body) return *response->shared_body;
  if (!response->stream) return std::move(response->body);
  std::string body;
  BlockingStream stream(std::move(response->stream), Context());
  while (true) {
    const Result<std::string> piece = stream.Read();
    if (!piece.ok() || piece->empty()) return body;
    body += *piece;
  }
}

void Fill(const Context& ctx, const client::HttpRequest& from, const apiserver::User& user,
          Request* to) {
  to->method = from.method;
  const size_t mark = from.target.find('?');
  to->path = apiserver::DecodePath(from.target.substr(0, mark)).value_or("");
  if (mark != std::string::npos) to->query = apiserver::Query::Parse(from.target.substr(mark + 1));
  for (const auto& [name, value] : from.headers) to->headers.Add(name, value);
  to->body = from.body;
  to->remote = "in-process";
  to->ctx = ctx;
  to->user = user;
  to->info = InfoOf(*to);
}

}  // namespace

Response HandlerTransport::Serve(Request* request) { return RunBlocking(handler_(*request)); }

Result<client::HttpResponse> HandlerTransport::Do(const Context& ctx,
                                                  const client::HttpRequest& request) {
  GANTRY_TRY(ctx.Check());
  Request r;
  Fill(ctx, request, user_, &r);
  Response response = Serve(&r);
  client::HttpResponse out;
  out.status = response.status;
  out.headers = response.headers.all();
  out.headers.emplace_back("Content-Type", response.content_type);
  for (const std::string& text : r.warnings) {
    out.headers.emplace_back("Warning", "299 - " + DumpJson(text));
  }
  out.body = ReadAll(&response);
  return out;
}

Result<client::StreamResponse> HandlerTransport::Stream(const Context& ctx,
                                                        const client::HttpRequest& request) {
  GANTRY_TRY(ctx.Check());
  Request r;
  Fill(ctx, request, user_, &r);
  Response response = Serve(&r);
  client::StreamResponse out;
  out.status = response.status;
  if (response.status >= 300 || !response.stream) {
    out.error_body = ReadAll(&response);
    return out;
  }
  out.stream = std::make_unique<BlockingStream>(std::move(response.stream), ctx);
  return out;
}

Result<std::unique_ptr<client::WebSocket>> HandlerTransport::Connect(
    const Context&, const client::HttpRequest&, const std::vector<std::string>&) {
  return Error(Code::kUnavailable, "this transport has no WebSockets");
}

}  // namespace gantry::testing
