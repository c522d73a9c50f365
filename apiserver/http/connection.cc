#include "apiserver/http/connection.h"

#include <atomic>
#include <boost/asio/post.hpp>
#include <optional>

#include "apis/machinery/base/log.h"
#include "apis/machinery/base/random.h"
#include "apiserver/http/connection_await.h"
#include "apiserver/http/line_budget.h"
#include "apiserver/http/metrics.h"
#include "apiserver/http/response_head.h"
#include "apiserver/http/status_response.h"
#include "apiserver/http/websocket_session.h"

namespace gantry::apiserver {
namespace {

using boost::system::error_code;

constexpr Duration kLingerTimeout = std::chrono::seconds(5);
constexpr uint32_t kRequestsATurn = 16;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr size_t kKeepAtMost = 256;  // of an idle connection's leftover

std::string Remote(const Socket& socket) {
  error_code ec;
  const auto endpoint = socket.remote_endpoint(ec);
  if (ec) return {};
  const auto address = endpoint.address();
  return fmt::format(fmt::runtime(address.is_v6() ? "[{}]:{}" : "{}:{}"), address.to_string(),
                     endpoint.port());
}

Response RefusalOf(int status, std::string_view message) {
  switch (status) {
    case 400:
      return ErrorResponse(
          Error(Code::kBadRequest, fmt::format("malformed HTTP request: {}", message)));
    case 413: return ErrorResponse(Error(Code::kTooLarge, std::string(message)));
    case 415: return ErrorResponse(Error(Code::kUnsupportedMediaType, std::string(message)));
    case 429: {
      ErrorDetails details;
      details.retry_after_seconds = 1;
      return ErrorResponse(Error(Code::kTooManyRequests, std::string(message), details));
    }
    default: return ErrorResponse(Error(Code::kBadRequest, std::string(message)), status);
  }
}

}  // namespace

Connection::Connection(Socket socket, Shard* shard, std::shared_ptr<void> place)
    : shard_(shard),
      place_(std::move(place)),
      tls_(std::move(socket), shard->tls().Get()),
      remote_(Remote(tls_.socket())),
      stats_(std::make_shared<ConnectionStats>(remote_, Clock::Real()->Mono())),
      ctx_(Context().WithCancel()) {
  tls_.CountIn(stats_.get());
}

Connection::~Connection() = default;

void Connection::Start(Socket socket, Shard* shard, std::shared_ptr<void> place) {
  if (shard->stopping()) return;
  Run(std::make_shared<Connection>(std::move(socket), shard, std::move(place)));
}

// ---- events

void Connection::Raise(Event event) {
  events_ |= event;
  if (!waiter_ || (events_ & interest_) == 0) return;
  const auto self = Self();
  std::exchange(waiter_, nullptr).resume();
}

void Connection::OnTick(uint32_t now) {
  if (expires_ == 0 || now < expires_) return;
  ClearTimeout();
  Raise(kExpired);
}

void Connection::OnStop(bool now) {
  const auto self = Self();
  if (const auto session = websocket_.lock()) session->Stop();
  if (now) {
    ctx_.Cancel();
    tls_.Abort();
  }
  Raise(kStopping);
}

void Connection::WaitFor::await_suspend(std::coroutine_handle<> h) {
  c->waiter_ = h;
  c->interest_ = interest;
  if (interest & kReadable) c->ArmRead();
  if (interest & kWritable) c->ArmWrite();
}

uint32_t Connection::WaitFor::await_resume() {
  const uint32_t fired = c->events_ & interest;
  c->events_ &= ~(fired & ~kStopping);
  c->interest_ = 0;
  return fired;
}

// A wait that is armed stays armed when its interest is gone: the next one uses it.
void Connection::ArmRead() {
  if (std::exchange(read_armed_, true)) return;
  tls_.socket().async_wait(Socket::wait_read, [self = Self()](const error_code&) {
    self->read_armed_ = false;
    self->shard_->InTurn(self->user_, [self] { self->OnReadable(); });
  });
}

void Connection::ArmWrite() {
  if (std::exchange(write_armed_, true)) return;
  tls_.socket().async_wait(Socket::wait_write, [self = Self()](const error_code&) {
    self->write_armed_ = false;
    self->shard_->InTurn(self->user_, [self] { self->Raise(kWritable); });
  });
}

void Connection::OnReadable() {
  if (!watching_) {
    Raise(kReadable);
    return;
  }
  uint32_t interest = kReadable;
  if (!StillThere(&interest)) {
    ctx_.Cancel();  // may complete the handler, which then posts
  } else if (interest & kReadable) {
    ArmRead();
  } else {
    events_ |= kReadable;
  }
}

bool Connection::StillThere(uint32_t* interest) {
  switch (tls_.Peek()) {
    case Io::kWantRead: return true;
    case Io::kDone: *interest &= ~static_cast<uint32_t>(kReadable); return true;
    default: broken_ = true; return false;
  }
}

struct Connection::CallHandler {
  enum State { kRunning, kSuspended, kDone };

  Connection* c;
  Request* request;
  std::optional<Response> response{};
  std::atomic<State> state{kRunning};

  bool await_ready() const { return false; }

  // False, and so no suspension, when the handler completed at once.
  bool await_suspend(std::coroutine_handle<> h) {
    gantry::Start(c->shard_->handler()(*request), [this, h](Response r) {
      response.emplace(std::move(r));
      if (state.exchange(kDone) == kRunning) return;
      boost::asio::post(c->shard_->io(), [this, h] {
        c->watching_ = false;
        h.resume();
      });
    });
    if (state.load() == kDone) return false;
    c->watching_ = true;
    c->ArmRead();
    if (state.exchange(kSuspended) == kRunning) return true;
    c->watching_ = false;
    return false;
  }

  Response await_resume() { return std::move(*response); }
};

// ---- the life of a connection

// In these coroutines a co_await is a statement of its own: g++ 12 miscompiles some that stand in a
// condition.

gantry::internal::Detached Connection::Run(std::shared_ptr<Connection> self) {
  Connection* const c = self.get();
  c->shard_->Add(c);
  const bool secure = co_await c->Handshake();
  if (secure) {
    for (uint32_t in_turn = 1;; ++in_turn) {
      if (c->leftover_.empty() && !c->tls_.HasBuffered()) {
        if (c->leftover_.capacity() > kKeepAtMost) std::string().swap(c->leftover_);
        c->SetTimeout(c->shard_->options().idle_timeout);
        c->stats_->Set(ConnectionStats::State::kIdle);
        c->idle_ = true;
        const uint32_t fired = co_await c->Wait(kReadable | kExpired | kStopping);
        c->idle_ = false;
        if ((fired & kReadable) == 0) break;
        in_turn = 0;
      } else if (in_turn % kRequestsATurn == 0) {
        co_await Yield{c};
      }
      const bool go_on = co_await c->ServeOne();
      if (!go_on) break;
    }
  }
  c->ctx_.Cancel();
  if (!c->broken_) {
    c->tls_.ShutdownWrite();
    if (c->linger_) co_await c->Linger();
  }
  c->tls_.Abort();
  c->shard_->Remove(c);
}

Task<bool> Connection::Handshake() {
  const SharedBounds::Handshake place(shard_->bounds(), this);
  SetTimeout(shard_->options().handshake_timeout);
  while (true) {
    const Io state = tls_.Handshake();
    if (state == Io::kDone) {
      stats_->SetProtocol(tls_.protocol());
      co_return true;
    }
    if (state != Io::kWantRead && state != Io::kWantWrite) break;
    const Event what = state == Io::kWantRead ? kReadable : kWritable;
    const uint32_t fired = co_await Wait(what | kExpired | kStopping);
    if ((fired & what) == 0) break;
  }
  broken_ = true;
  if (!shard_->stopping()) HandshakeErrors().Increment();
  co_return false;
}

Task<bool> Connection::ServeOne() {
  const ListenerOptions& options = shard_->options();
  Request request;
  RequestParser parser(&request, options.max_header, options.max_body);
  SetTimeout(options.header_timeout);
  SharedBounds::Body held(shard_->bounds(), this);
  bool in_body = false;
  received_ = false;
  while (true) {
    const RequestParser::State state = Feed(&parser);
    if (state == RequestParser::State::kRefused) {
      co_return co_await Refuse(parser.status(), parser.message());
    }
    const bool complete = state == RequestParser::State::kComplete;
    if (!request.body.empty() && !held.Hold(request.body.size(), complete)) {
      std::string().swap(request.body);
      co_return co_await Refuse(429, "too many large requests are being served, try again later");
    }
    if (complete) break;
    if (broken_) co_return false;
    if (!received_) co_return true;  // nothing was there after all: still idle
    if (parser.header_done() && !std::exchange(in_body, true)) {
      SetTimeout(options.body_timeout);
      // All answers before were written completely, so this fits the socket's empty buffer.
      std::string_view go_on = parser.expects_continue() ? kContinue : std::string_view();
      if (!WriteNow(&go_on) || !go_on.empty()) co_return false;
    }
    const uint32_t fired = co_await Wait(kReadable | kExpired);
    if ((fired & kExpired) != 0) {
      EndedConnections().slow.Increment();
      broken_ = true;
      co_return false;
    }
  }
  ClearTimeout();

  request.remote = remote_;
  tls_.ReviewIdentity(shard_->tls());
  request.peer_not_after = tls_.identity_end();
  request.peer_common_name = tls_.common_name();
  request.peer_organizations = tls_.organizations();
  request.ctx = ctx_;
  stats_->Set(ConnectionStats::State::kRequest);
  Response response = co_await CallHandler{this, &request};
  // Who reads the answer slowly, or follows a stream, must not hold its body's share.
  std::string().swap(request.body);
  held.Release();
  stats_->CountRequest(request.user.name);
  if (user_ != request.user.name) user_ = request.user.name;
  bool ok = !broken_;
  if (ok && !response.stream && !response.websocket) {
    const bool keep_alive = parser.keep_alive() && !shard_->stopping();
    std::string head;
    std::string_view body;
    ok = AnswerPlain(request, response, keep_alive, &head, &body);
    if (ok && !head.empty()) ok = co_await WriteRest(head);
    if (ok && !body.empty()) ok = co_await WriteRest(body);
    co_return ok&& keep_alive;
  }
  if (ok && response.websocket) ok = co_await AnswerWebSocket(request, response);
  if (ok && response.stream) {
    stats_->Set(ConnectionStats::State::kStream);
    ok = co_await AnswerStream(request, response, parser.http_1_0(), parser.keep_alive());
  }
  if (!ok) ctx_.Cancel();  // before the stream goes: its producer may look
  co_return ok;
}

RequestParser::State Connection::Feed(RequestParser* parser) {
  auto state = RequestParser::State::kNeedMore;
  size_t used = 0;
  if (!leftover_.empty()) {
    received_ = true;
    state = parser->Feed(leftover_, &used);
    leftover_.erase(0, used);
  }
  while (state == RequestParser::State::kNeedMore) {
    char* const buffer = shard_->read_buffer();
    size_t got = 0;
    const Io io = tls_.Read(buffer, Shard::kReadSize, &got);
    if (io != Io::kDone) {
      broken_ = io != Io::kWantRead;
      return state;
    }
    received_ = true;
    if (leftover_.empty()) {
      state = parser->Feed({buffer, got}, &used);
      leftover_.assign(buffer + used, got - used);
    } else {
      leftover_.append(buffer, got);
      state = parser->Feed(leftover_, &used);
      leftover_.erase(0, used);
    }
  }
  return state;
}

Task<bool> Connection::Refuse(int status, std::string_view message) {
  Response response = RefusalOf(status, message);
  // No filter has seen this request, so its line and its id are made here.
  const std::string id = NewUuid(Random::Real());
  response.headers.Set("Audit-Id", id);
  static LineBudget* const lines = new LineBudget;
  if (lines->Take(Clock::Real()->Mono())) {
    LOG_INFO("request refused before it was read", {"id", id}, {"from", remote_},
             {"code", response.status}, {"why", message});
  }
  linger_ = true;
  std::string head;
  std::string_view body;
  bool ok = AnswerPlain(Request(), response, false, &head, &body);
  if (ok && !head.empty()) ok = co_await WriteRest(head);
  if (ok && !body.empty()) co_await WriteRest(body);
  co_return false;
}

Task<bool> Connection::Linger() {
  SetTimeout(kLingerTimeout);
  while (true) {
    size_t got = 0;
    const Io io = tls_.Read(shard_->read_buffer(), Shard::kReadSize, &got);
    if (io == Io::kDone) continue;
    if (io != Io::kWantRead) co_return true;
    const uint32_t fired = co_await Wait(kReadable | kExpired | kStopping);
    if ((fired & kReadable) == 0) co_return false;
  }
}

Task<bool> Connection::AnswerWebSocket(Request& request, Response& response) {
  ClearTimeout();
  stats_->Set(ConnectionStats::State::kWebSocket);
  co_await Callback<bool>([&](std::function<void(bool)> done) {
    websocket_ = WebSocketSession::Start(&tls_, std::exchange(leftover_, {}), request, response,
                                         [done] { done(true); });
  });
  broken_ = true;  // the session ended the connection itself
  co_return false;
}

}  // namespace gantry::apiserver
