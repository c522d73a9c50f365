#include "apiserver/http/websocket_session.h"

#include <utility>  // before asio: Boost 1.74 forgets it

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>
#include <optional>

#include "apis/machinery/base/mutex.h"
#include "apiserver/http/tls_socket.h"
#include "apiserver/http/url.h"

namespace gantry::apiserver {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using beast::error_code;

constexpr size_t kMaxMessage = 4 * 1024 * 1024;
constexpr size_t kMaxQueued = 16 * 1024 * 1024;

// TlsSocket as the AsyncStream that Beast wants. At most one read and one write at a time.
class Adapter {
 public:
  using executor_type = Socket::executor_type;
  Adapter(TlsSocket* tls, std::string early) : tls_(tls), early_(std::move(early)) {}

  executor_type get_executor() { return tls_->socket().get_executor(); }
  TlsSocket& tls() { return *tls_; }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    const asio::mutable_buffer into = beast::buffers_front(buffers);
    return Begin(std::forward<Token>(token), [this, into](size_t* n) { return Read(into, n); });
  }

  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    asio::const_buffer from;
    for (auto it = asio::buffer_sequence_begin(buffers);
         from.size() == 0 && it != asio::buffer_sequence_end(buffers); ++it) {
      from = *it;
    }
    return Begin(std::forward<Token>(token), [this, from](size_t* n) {
      return tls_->Write({static_cast<const char*>(from.data()), from.size()}, n);
    });
  }

 private:
  Io Read(asio::mutable_buffer into, size_t* n) {
    if (early_.empty()) return tls_->Read(static_cast<char*>(into.data()), into.size(), n);
    *n = asio::buffer_copy(into, asio::buffer(early_));
    early_.erase(0, *n);
    return Io::kDone;
  }

  // Tries `step` until it moved something or failed, waiting on the socket in between.
  template <typename Step, typename Handler>
  struct Op {
    Adapter* adapter;
    Step step;
    Handler handler;

    void operator()(const error_code& waited) {
      size_t n = 0;
      const Io io = waited ? Io::kFailed : step(&n);
      auto& socket = adapter->tls_->socket();
      if (n == 0 && io == Io::kWantRead) {
        socket.async_wait(Socket::wait_read, std::move(*this));
      } else if (n == 0 && io == Io::kWantWrite) {
        socket.async_wait(Socket::wait_write, std::move(*this));
      } else {
        const error_code ec = n > 0 || io == Io::kDone ? error_code()
                              : io == Io::kClosed      ? error_code(asio::error::eof)
                                                       : error_code(asio::error::connection_reset);
        asio::post(adapter->get_executor(),
                   [h = std::move(handler), ec, n]() mutable { h(ec, n); });
      }
    }
  };

  template <typename Token, typename Step>
  auto Begin(Token&& token, Step step) {
    return asio::async_initiate<Token, void(error_code, size_t)>(
        [this](auto handler, Step s) {
          Op<Step, decltype(handler)>{this, std::move(s), std::move(handler)}(error_code());
        },
        token, std::move(step));
  }

  TlsSocket* const tls_;
  std::string early_;
};

// The two that Beast finds by their names, when a connection timed out and when it ends.
void beast_close_socket(Adapter& stream) { stream.tls().Abort(); }
template <typename Handler>
void async_teardown(beast::role_type, Adapter& stream, Handler&& handler) {
  stream.tls().ShutdownWrite();
  asio::post(stream.get_executor(),
             [h = std::forward<Handler>(handler)]() mutable { h(error_code()); });
}

beast::string_view View(std::string_view s) { return {s.data(), s.size()}; }

class Session final : public WebSocketSession, public std::enable_shared_from_this<Session> {
 public:
  Session(TlsSocket* socket, std::string early, Response& response, std::function<void()> done)
      : io_(socket->socket().get_executor()),
        handler_(std::move(response.websocket)),
        done_(std::move(done)) {
    ws_.emplace(socket, std::move(early));
    websocket::stream_base::timeout timeouts{};
    timeouts.handshake_timeout = std::chrono::seconds(30);
    timeouts.idle_timeout = std::chrono::seconds(120);
    timeouts.keep_alive_pings = true;
    ws_->set_option(timeouts);
    ws_->read_message_max(kMaxMessage);
    ws_->write_buffer_bytes(4096);
    ws_->set_option(websocket::stream_base::decorator(
        [protocol = response.websocket_protocol,
         headers = response.headers.all()](websocket::response_type& answer) {
          for (const auto& [name, value] : headers) answer.set(View(name), View(value));
          if (!protocol.empty()) {
            answer.set(beast::http::field::sec_websocket_protocol, View(protocol));
          }
        }));
  }

  void Accept(const Request& request) {
    beast::http::request<beast::http::string_body> upgrade(beast::http::verb::get, "/", 11);
    for (const auto& [name, value] : request.headers.all()) {
      upgrade.insert(View(name), View(value));
    }
    auto kept = std::make_shared<decltype(upgrade)>(std::move(upgrade));
    ws_->async_accept(*kept, [self = shared_from_this(), kept](const error_code& ec) {
      if (ec) {
        self->Finish(false);
        return;
      }
      self->open_ = true;
      self->handler_->OnOpen(self);
      self->ReadNext();
      self->WriteNext();
    });
  }

  bool Send(std::string frame, bool binary) override {
    MutexLock lock(&mu_);
    if (closed_ || closing_) return false;
    queued_ += frame.size();
    queue_.push_back({std::move(frame), binary});
    if (queued_ > kMaxQueued) {
      closed_ = true;
      asio::post(io_, [self = shared_from_this()] { self->Abort(); });
      return false;
    }
    if (queue_.size() == 1) asio::post(io_, [self = shared_from_this()] { self->WriteNext(); });
    return true;
  }

  size_t queued() const override {
    MutexLock lock(&mu_);
    return queued_;
  }

  void Close() override {
    MutexLock lock(&mu_);
    if (closed_ || std::exchange(closing_, true)) return;
    asio::post(io_, [self = shared_from_this()] { self->WriteNext(); });
  }

  void Stop() override { Close(); }

 private:
  struct Frame {
    std::string bytes;
    bool binary;
  };

  void ReadNext() {
    ws_->async_read(buffer_, [self = shared_from_this()](const error_code& ec, size_t) {
      if (ec) {
        self->Finish(true);
        return;
      }
      const auto data = self->buffer_.data();
      self->handler_->OnMessage({static_cast<const char*>(data.data()), data.size()},
                                self->ws_->got_binary());
      self->buffer_.consume(data.size());
      self->ReadNext();
    });
  }

  void WriteNext() {
    if (!open_ || writing_ || reading_ended_) return;
    bool close = false;
    {
      MutexLock lock(&mu_);
      if (!queue_.empty()) {
        current_ = std::move(queue_.front());
        queue_.pop_front();
      } else if (closing_) {
        close = !std::exchange(close_sent_, true);
        if (!close) return;
      } else {
        return;
      }
    }
    writing_ = true;
    if (close) {
      ws_->async_close(websocket::close_code::normal,
                       [self = shared_from_this()](const error_code&) { self->Written(true, 0); });
      return;
    }
    ws_->binary(current_.binary);
    ws_->async_write(asio::buffer(current_.bytes),
                     [self = shared_from_this()](const error_code& ec, size_t) {
                       self->Written(static_cast<bool>(ec), self->current_.bytes.size());
                     });
  }

  void Written(bool ended, size_t size) {
    writing_ = false;
    {
      MutexLock lock(&mu_);
      queued_ -= size;
    }
    if (ended) Abort();
    if (reading_ended_) {
      Finish(true);
    } else {
      WriteNext();
    }
  }

  // Makes the pending read fail, which ends the session.
  void Abort() {
    if (ws_) ws_->next_layer().tls().Abort();
  }

  // The read side is over; the session is, once no write is under way either.
  void Finish(bool opened) {
    reading_ended_ = true;
    Abort();
    if (writing_) return;
    {
      MutexLock lock(&mu_);
      closed_ = true;
      queue_.clear();
      queued_ = 0;
    }
    if (opened) handler_->OnClose();
    handler_.reset();
    asio::post(io_, [self = shared_from_this()] {
      self->ws_.reset();  // a peer that is held longer must not reach the socket
      std::exchange(self->done_, nullptr)();
    });
  }

  const Socket::executor_type io_;
  std::optional<websocket::stream<Adapter, false>> ws_;
  std::shared_ptr<WebSocketHandler> handler_;
  std::function<void()> done_;
  beast::flat_buffer buffer_;
  Frame current_{};
  bool open_ = false;
  bool writing_ = false;
  bool reading_ended_ = false;

  mutable Mutex mu_;
  std::deque<Frame> queue_ GUARDED_BY(mu_);
  size_t queued_ GUARDED_BY(mu_) = 0;
  bool closing_ GUARDED_BY(mu_) = false;
  bool close_sent_ GUARDED_BY(mu_) = false;
  bool closed_ GUARDED_BY(mu_) = false;
};

}  // namespace

std::shared_ptr<WebSocketSession> WebSocketSession::Start(TlsSocket* socket, std::string early,
                                                          const Request& request,
                                                          Response& response,
                                                          std::function<void()> done) {
  auto session = std::make_shared<Session>(socket, std::move(early), response, std::move(done));
  session->Accept(request);
  return session;
}

}  // namespace gantry::apiserver
