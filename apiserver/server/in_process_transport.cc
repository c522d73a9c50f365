#include "apiserver/server/in_process_transport.h"

#include "apis/machinery/base/mutex.h"
#include "apiserver/http/url.h"

namespace gantry::apiserver {
namespace {

// Blocks for the bytes of a BodyStream.
class BlockingStream : public client::ByteStream {
 public:
  // `ctx` is the request's own: the handler's side sees it cancelled when the stream is closed.
  BlockingStream(std::unique_ptr<BodyStream> body, const Context& ctx)
      : body_(std::move(body)), ctx_(ctx) {
    guard_ = ctx.OnCancel([this] { Wake(&closed_); });
  }
  ~BlockingStream() override {
    guard_.reset();
    body_->OnReady(nullptr);
    body_.reset();
    ctx_.Cancel();
  }

  Result<std::string> Read() override {
    constexpr size_t kPiece = 64 * 1024;
    std::string out;
    while (true) {
      {
        MutexLock lock(&mu_);
        if (closed_) return Error(Code::kCancelled, "the stream was closed");
        ready_ = false;
      }
      if (ended_) return out;
      const BodyStream::State state = body_->Pull(&out, kPiece);
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

  std::unique_ptr<BodyStream> body_;
  const Context ctx_;
  bool ended_ = false;
  std::shared_ptr<void> guard_;
  Mutex mu_;
  CondVar changed_;
  bool ready_ = false;
  bool closed_ = false;
};

class InProcessTransport : public client::Transport {
 public:
  InProcessTransport(Handler chain, User user) : chain_(std::move(chain)), user_(std::move(user)) {}

  Result<client::HttpResponse> Do(const Context& ctx, const client::HttpRequest& request) override {
    GANTRY_TRY(ctx.Check());
    Request r = MakeRequest(ctx, request);
    Response response = RunBlocking(chain_(r));
    client::HttpResponse out;
    out.status = response.status;
    out.headers = response.headers.all();
    out.headers.emplace_back("Content-Type", response.content_type);
    out.body = WholeBody(&response, r.ctx);
    return out;
  }

  Result<client::StreamResponse> Stream(const Context& ctx,
                                        const client::HttpRequest& request) override {
    GANTRY_TRY(ctx.Check());
    Request r = MakeRequest(ctx, request);
    Response response = RunBlocking(chain_(r));
    client::StreamResponse out;
    out.status = response.status;
    if (response.status >= 300 || !response.stream) {
      out.error_body = WholeBody(&response, r.ctx);
      return out;
    }
    out.stream = std::make_unique<BlockingStream>(std::move(response.stream), r.ctx);
    return out;
  }

  Result<std::unique_ptr<client::WebSocket>> Connect(const Context&, const client::HttpRequest&,
                                                     const std::vector<std::string>&) override {
    return Error(Code::kMethodNotAllowed,
                 "WebSockets are served over HTTPS only, not within the process");
  }

 private:
  Request MakeRequest(const Context& ctx, const client::HttpRequest& from) const {
    Request to;
    to.method = from.method;
    const size_t mark = from.target.find('?');
    to.path = DecodePath(std::string_view(from.target).substr(0, mark)).value_or("");
    if (mark != std::string::npos)
      to.query = Query::Parse(std::string_view(from.target).substr(mark + 1));
    for (const auto& [name, value] : from.headers) to.headers.Add(name, value);
    to.body = from.body;
    to.remote = "in-process";
    to.ctx = ctx.WithCancel();
    to.user = user_;
    to.in_process = true;
    return to;
  }

  static std::string WholeBody(Response* response, const Context& ctx) {
    if (response->shared_body) return *response->shared_body;
    if (!response->stream) return std::move(response->body);
    std::string body;
    BlockingStream stream(std::move(response->stream), ctx);
    while (true) {
      const Result<std::string> piece = stream.Read();
      if (!piece.ok() || piece->empty()) return body;
      body += *piece;
    }
  }

  const Handler chain_;
  const User user_;
};

}  // namespace

std::shared_ptr<client::Transport> NewInProcessTransport(Handler chain, User user) {
  return std::make_shared<InProcessTransport>(std::move(chain), std::move(user));
}

}  // namespace gantry::apiserver
