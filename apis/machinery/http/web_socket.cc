#include "apis/machinery/http/web_socket.h"

// <boost/asio.hpp> of 1.74 needs <utility> before it.
#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <deque>
#include <thread>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/http/tls.h"
#include "apis/machinery/meta/status.h"

namespace gantry::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

constexpr size_t kMaxFrame = 64 << 20;
constexpr size_t kMaxUnread = 1 << 20;  // bytes received and not asked for: then the peer must wait
constexpr auto kCheckEvery = std::chrono::milliseconds(20);
constexpr auto kFarewell = std::chrono::seconds(2);

// Its strand is one thread that runs `io_`; everything that touches the stream happens there.
template <typename Stream>
class Socket : public client::WebSocket {
 public:
  template <typename... Args>
  explicit Socket(Args&&... args) : stream_(io_, std::forward<Args>(args)...) {}

  ~Socket() override {
    Close();
    work_.reset();
    if (thread_.joinable()) thread_.join();
  }

  // Runs `open(stream)` on this thread until it is done or the context says stop.
  template <typename Open>
  Status Establish(const Context& ctx, Open open) {
    std::optional<Status> outcome;
    asio::co_spawn(io_, open(stream_), [&outcome](std::exception_ptr e, Status status) {
      outcome = std::move(status);
      if (!e) return;
      try {
        std::rethrow_exception(e);
      } catch (const std::exception& x) {
        outcome = Error(Code::kUnavailable, x.what());
      }
    });
    Status check = OkStatus();
    while (!outcome && check.ok()) {
      io_.run_one_for(kCheckEvery);
      check = ctx.Check();
    }
    if (outcome) return *std::move(outcome);
    beast::get_lowest_layer(stream_).close();
    while (!outcome) io_.run_one();
    return check;
  }

  void Begin(std::string protocol) {
    protocol_ = std::move(protocol);
    io_.restart();
    Receiving();
    thread_ = std::thread([this] { io_.run(); });
  }

  Status Send(std::string frame, bool binary) override {
    {
      MutexLock lock(&mu_);
      if (closed_) return Error(Code::kCancelled, "the connection is closed");
    }
    asio::post(io_, [this, frame = std::move(frame), binary]() mutable {
      outgoing_.emplace_back(std::move(frame), binary);
      if (outgoing_.size() == 1) Sending();
    });
    return OkStatus();
  }

  Result<std::string> Receive() override {
    bool resume = false;
    std::string frame;
    {
      MutexLock lock(&mu_);
      while (incoming_.empty() && !closed_) cv_.Wait(&mu_);
      if (incoming_.empty()) return Error(Code::kCancelled, "the connection is closed");
      frame = std::move(incoming_.front());
      incoming_.pop_front();
      unread_ -= frame.size();
      if (paused_ && unread_ < kMaxUnread) {
        paused_ = false;
        resume = true;
      }
    }
    if (resume) asio::post(io_, [this] { Receiving(); });
    return frame;
  }

  void Close() override {
    if (!Finish()) return;
    asio::post(io_, [this] {
      beast::get_lowest_layer(stream_).expires_after(kFarewell);
      stream_.async_close(beast::websocket::close_code::normal,
                          [this](beast::error_code) { beast::get_lowest_layer(stream_).close(); });
    });
  }

  std::string protocol() const override { return protocol_; }

 private:
  // True the first time.
  bool Finish() {
    MutexLock lock(&mu_);
    cv_.SignalAll();
    return !std::exchange(closed_, true);
  }

  void Receiving() {
    stream_.async_read(buffer_, [this](beast::error_code ec, size_t) {
      if (ec) {
        Finish();
        return;
      }
      std::string frame = beast::buffers_to_string(buffer_.data());
      buffer_.consume(buffer_.size());
      {
        MutexLock lock(&mu_);
        unread_ += frame.size();
        incoming_.push_back(std::move(frame));
        cv_.SignalAll();
        paused_ = unread_ >= kMaxUnread && !closed_;
        if (paused_) return;
      }
      Receiving();
    });
  }

  void Sending() {
    stream_.binary(outgoing_.front().second);
    stream_.async_write(asio::buffer(outgoing_.front().first),
                        [this](beast::error_code ec, size_t) {
                          if (ec) {
                            Finish();
                            return;
                          }
                          outgoing_.pop_front();
                          if (!outgoing_.empty()) Sending();
                        });
  }

  asio::io_context io_{1};
  // A pause in reading leaves nothing to do, and must not end the thread.
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  beast::websocket::stream<Stream> stream_;
  beast::flat_buffer buffer_;
  std::deque<std::pair<std::string, bool>> outgoing_;
  std::string protocol_;
  std::thread thread_;

  Mutex mu_;
  CondVar cv_;
  std::deque<std::string> incoming_ GUARDED_BY(mu_);
  size_t unread_ GUARDED_BY(mu_) = 0;
  bool paused_ GUARDED_BY(mu_) = false;
  bool closed_ GUARDED_BY(mu_) = false;
};

// Asks an HTTP proxy for a tunnel to `to`.
asio::awaitable<Status> Tunnel(beast::tcp_stream& stream, const Endpoint& to) {
  beast::http::request<beast::http::empty_body> ask{beast::http::verb::connect, to.Authority(), 11};
  ask.set(beast::http::field::host, to.Authority());
  co_await beast::http::async_write(stream, ask, asio::use_awaitable);
  beast::http::response_parser<beast::http::empty_body> answer;
  answer.skip(true);  // a tunnel's answer has no body, whatever its header says
  beast::flat_buffer buffer;
  co_await beast::http::async_read_header(stream, buffer, answer, asio::use_awaitable);
  if (answer.get().result() != beast::http::status::ok) {
    co_return Error(Code::kUnavailable,
                    fmt::format("the proxy answered {}", answer.get().result_int()));
  }
  co_return OkStatus();
}

asio::awaitable<Status> ConnectTcp(beast::tcp_stream& stream, const TransportOptions& options,
                                   const Endpoint& to) {
  Endpoint first = to;
  if (!options.proxy.empty() && !ParseEndpoint(options.proxy, &first)) {
    co_return Error(Code::kBadRequest, fmt::format("proxy \"{}\" is not a URL", options.proxy));
  }
  tcp::resolver resolver(stream.get_executor());
  const auto addresses =
      co_await resolver.async_resolve(first.host, first.port, asio::use_awaitable);
  co_await stream.async_connect(addresses, asio::use_awaitable);
  stream.socket().set_option(tcp::no_delay(true));
  if (options.proxy.empty()) co_return OkStatus();
  co_return co_await Tunnel(stream, to);
}

// The WebSocket handshake on a connected stream; the server's refusal as an Error.
template <typename Stream>
asio::awaitable<Status> Upgrade(beast::websocket::stream<Stream>& stream, const std::string& host,
                                const client::HttpRequest& request, const std::string& target,
                                const std::vector<std::string>& protocols, std::string* chosen) {
  stream.set_option(beast::websocket::stream_base::decorator(
      [&request, &protocols](beast::websocket::request_type& head) {
        for (const auto& header : request.headers) head.set(header.first, header.second);
        std::string offer;
        for (const std::string& p : protocols) offer += (offer.empty() ? "" : ", ") + p;
        if (!offer.empty()) head.set(beast::http::field::sec_websocket_protocol, offer);
      }));
  stream.read_message_max(kMaxFrame);
  beast::websocket::response_type answer;
  beast::error_code ec;
  co_await stream.async_handshake(answer, host, target,
                                  asio::redirect_error(asio::use_awaitable, ec));
  if (ec == beast::websocket::error::upgrade_declined) {
    co_return ErrorFromStatus(answer.result_int(), answer.body());
  }
  if (ec) co_return Error(Code::kUnavailable, ec.message());
  const auto protocol = answer[beast::http::field::sec_websocket_protocol];
  *chosen = std::string(protocol.data(), protocol.size());
  co_return OkStatus();
}

Error Unreachable(const Endpoint& to, Error e) {
  return e.code == Code::kUnavailable ? e.Wrap("connect to " + to.Authority()) : e;
}

Result<std::unique_ptr<client::WebSocket>> ConnectPlain(const Context& ctx,
                                                        const TransportOptions& options,
                                                        const Endpoint& to,
                                                        const client::HttpRequest& request,
                                                        const std::vector<std::string>& protocols) {
  using Stream = beast::tcp_stream;
  auto socket = std::make_unique<Socket<Stream>>();
  std::string chosen;
  const Status open = socket->Establish(
      ctx, [&](beast::websocket::stream<Stream>& stream) -> asio::awaitable<Status> {
        GANTRY_CO_TRY(co_await ConnectTcp(beast::get_lowest_layer(stream), options, to));
        co_return co_await Upgrade(stream, to.Authority(), request, to.path + request.target,
                                   protocols, &chosen);
      });
  if (!open.ok()) return Unreachable(to, open.error());
  socket->Begin(chosen);
  return socket;
}

// Owns what the TLS socket refers to for as long as it lives.
class TlsSocket : public client::WebSocket {
 public:
  using Stream = beast::ssl_stream<beast::tcp_stream>;

  Status Open(const Context& ctx, const TransportOptions& options, const Endpoint& to,
              const client::HttpRequest& request, const std::vector<std::string>& protocols) {
    GANTRY_TRY(ConfigureTls(context_.native_handle(), options.tls, &verify_));
    if (options.tls.ca_pem.empty()) context_.set_default_verify_paths();
    inner_.emplace(context_);
    const std::string name = options.tls.server_name.empty() ? to.host : options.tls.server_name;
    std::string chosen;
    Status open = inner_->Establish(
        ctx, [&](beast::websocket::stream<Stream>& stream) -> asio::awaitable<Status> {
          GANTRY_CO_TRY(co_await ConnectTcp(beast::get_lowest_layer(stream), options, to));
          Stream& tls = stream.next_layer();
          SSL_set_tlsext_host_name(tls.native_handle(), name.c_str());
          if (options.tls.insecure_skip_verify) {
            tls.set_verify_mode(asio::ssl::verify_none);
          } else {
            tls.set_verify_mode(asio::ssl::verify_peer);
            tls.set_verify_callback(asio::ssl::host_name_verification(name));
          }
          co_await tls.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
          co_return co_await Upgrade(stream, to.Authority(), request, to.path + request.target,
                                     protocols, &chosen);
        });
    if (!open.ok()) {
      const std::string why = options.tls.insecure_skip_verify ? "" : verify_.Take();
      if (!why.empty()) return Unreachable(to, Error(Code::kUnavailable, why));
      return Unreachable(to, open.error());
    }
    inner_->Begin(chosen);
    return OkStatus();
  }

  Status Send(std::string frame, bool binary) override {
    return inner_->Send(std::move(frame), binary);
  }
  Result<std::string> Receive() override { return inner_->Receive(); }
  void Close() override { inner_->Close(); }
  std::string protocol() const override { return inner_->protocol(); }

 private:
  VerifyRecord verify_;
  asio::ssl::context context_{asio::ssl::context::tls_client};
  std::optional<Socket<Stream>> inner_;
};

}  // namespace

Result<std::unique_ptr<client::WebSocket>> ConnectWebSocket(
    const Context& ctx, const TransportOptions& options, const client::HttpRequest& request,
    const std::vector<std::string>& protocols) {
  Endpoint to;
  if (!ParseEndpoint(options.server, &to)) {
    return Error(Code::kBadRequest, fmt::format("server \"{}\" is not a URL", options.server));
  }
  try {
    if (!to.tls) return ConnectPlain(ctx, options, to, request, protocols);
    auto socket = std::make_unique<TlsSocket>();
    GANTRY_TRY(socket->Open(ctx, options, to, request, protocols));
    return socket;
  } catch (const std::exception& e) {
    return Error(Code::kUnavailable, fmt::format("connect to {}: {}", to.Authority(), e.what()));
  }
}

}  // namespace gantry::http
