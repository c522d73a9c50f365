#include "tests/bench/bare_server.h"

#include <utility>  // before asio: Boost 1.74 forgets it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <csignal>
#include <thread>
#include <vector>

namespace gantry::apiserver::bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::use_awaitable;
using asio::ip::tcp;

class BareServerImpl final : public BareServer {
 public:
  BareServerImpl(const TlsFiles& files, std::string body, size_t threads)
      : tls_(asio::ssl::context::tls_server), body_(std::move(body)) {
    std::signal(SIGPIPE, SIG_IGN);
    tls_.use_certificate_chain(asio::buffer(files.certificate));
    tls_.use_private_key(asio::buffer(files.key), asio::ssl::context::pem);
    for (size_t i = 0; i < threads; ++i) io_.push_back(std::make_unique<asio::io_context>(1));
    acceptor_ = std::make_unique<tcp::acceptor>(*io_[0],
                                                tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    asio::co_spawn(*io_[0], Accept(), asio::detached);
    for (auto& io : io_) {
      threads_.emplace_back([&io] {
        const auto work = asio::make_work_guard(*io);
        io->run();
      });
    }
  }
  ~BareServerImpl() override {
    for (auto& io : io_) io->stop();
    for (std::thread& t : threads_) t.join();
  }
  uint16_t port() const override { return acceptor_->local_endpoint().port(); }

 private:
  asio::awaitable<void> Accept() {
    for (size_t next = 0;; ++next) {
      asio::io_context& io = *io_[next % io_.size()];
      tcp::socket socket = co_await acceptor_->async_accept(io, use_awaitable);
      socket.set_option(tcp::no_delay(true));
      asio::co_spawn(io, Serve(std::move(socket)), asio::detached);
    }
  }

  asio::awaitable<void> Serve(tcp::socket socket) {
    asio::ssl::stream<tcp::socket> stream(std::move(socket), tls_);
    co_await stream.async_handshake(asio::ssl::stream_base::server, use_awaitable);
    boost::beast::flat_buffer buffer;
    while (true) {
      http::request<http::string_body> request;
      co_await http::async_read(stream, buffer, request, use_awaitable);
      http::response<http::string_body> response(http::status::ok, 11);
      response.set(http::field::content_type, "application/json");
      response.body() = body_;
      response.prepare_payload();
      co_await http::async_write(stream, response, use_awaitable);
    }
  }

  asio::ssl::context tls_;
  const std::string body_;
  std::vector<std::unique_ptr<asio::io_context>> io_;
  std::unique_ptr<tcp::acceptor> acceptor_;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<BareServer> BareServer::Start(const TlsFiles& tls, std::string body,
                                              size_t threads) {
  return std::make_unique<BareServerImpl>(tls, std::move(body), threads);
}

}  // namespace gantry::apiserver::bench
