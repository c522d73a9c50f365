#include "apiserver/http/listener.h"

#include <utility>  // before asio: Boost 1.74 forgets it

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "apis/machinery/base/log.h"
#include "apiserver/http/address_bound.h"
#include "apiserver/http/connection.h"
#include "apiserver/http/line_budget.h"
#include "apiserver/http/metrics.h"
#include "apiserver/http/shard.h"

namespace gantry::apiserver {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

constexpr auto kAcceptPause = std::chrono::milliseconds(100);

class ListenerImpl final : public Listener {
 public:
  ListenerImpl(const ListenerOptions& options, std::shared_ptr<const TlsContext> tls,
               Handler handler)
      : options_(options),
        tls_(std::move(tls)),
        handler_(std::move(handler)),
        addresses_(std::make_shared<AddressBound>(options.max_address, options.max_loopback)) {
    size_t threads = options.io_threads;
    if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
    for (size_t i = 0; i < threads; ++i) {
      shards_.push_back(std::make_unique<Shard>(&options_, &handler_, &tls_, threads));
    }
    acceptor_.emplace(shards_[0]->io());
    pause_.emplace(shards_[0]->io());
  }

  ~ListenerImpl() override {
    Stop(Duration(0));
    acceptor_.reset();  // before their io_context
    pause_.reset();
  }

  Status Open() {
    error_code ec;
    const auto address = asio::ip::make_address(options_.address, ec);
    if (ec) {
      return Error(Code::kInvalid,
                   fmt::format("listen address \"{}\": not an IP address", options_.address));
    }
    const tcp::endpoint endpoint(address, options_.port);
    acceptor_->open(endpoint.protocol(), ec);
    if (!ec) acceptor_->set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) acceptor_->bind(endpoint, ec);
    if (!ec) acceptor_->listen(asio::socket_base::max_listen_connections, ec);
    if (ec) {
      return Error(Code::kUnavailable, fmt::format("listen on {}:{}: {}", options_.address,
                                                   options_.port, ec.message()));
    }
    port_ = acceptor_->local_endpoint(ec).port();
    return OkStatus();
  }

  void Run() {
    Accept();
    for (const auto& shard : shards_) shard->StartThread();
    running_ = true;
  }

  Status UseTls(const TlsFiles& files) override {
    GANTRY_TRY_SET(auto next, TlsContext::Create(files));
    tls_.Set(std::move(next));
    return OkStatus();
  }

  uint16_t port() const override { return port_; }

  size_t connections() const override {
    size_t n = 0;
    for (const auto& shard : shards_) n += shard->connections();
    return n;
  }

  ConnectionsReport Busiest(size_t limit) const override {
    std::vector<std::shared_ptr<ConnectionStats>> all;
    for (const auto& shard : shards_) shard->AppendStats(&all);
    ConnectionsReport report;
    report.total = all.size();
    const MonoTime now = Clock::Real()->Mono();
    for (const auto& stats : all) report.busiest.push_back(stats->Show(now));
    std::sort(report.busiest.begin(), report.busiest.end(), [](const auto& a, const auto& b) {
      return a.received + a.sent > b.received + b.sent;
    });
    if (report.busiest.size() > limit) report.busiest.resize(limit);
    return report;
  }

  void Stop(Duration grace) override {
    if (!std::exchange(running_, false)) return;
    asio::post(shards_[0]->io(), [this] {
      error_code ignored;
      acceptor_->close(ignored);
      pause_->cancel();
    });
    for (const auto& shard : shards_) shard->Stop(false);
    const MonoTime until =
        Clock::Real()->Mono() + std::chrono::duration_cast<MonoTime::duration>(grace);
    while (connections() > 0 && Clock::Real()->Mono() < until) {
      Context().SleepFor(std::chrono::milliseconds(5)).IgnoreError();
    }
    for (const auto& shard : shards_) shard->Stop(true);
    for (const auto& shard : shards_) shard->Join();
  }

 private:
  // Connections go round the threads.
  void Accept() {
    Shard* const shard = shards_[next_++ % shards_.size()].get();
    acceptor_->async_accept(shard->io(), [this, shard](const error_code& ec, Socket socket) {
      if (!acceptor_->is_open()) return;
      if (ec) {
        // Out of descriptors, most likely: those that wait are served once others have gone.
        LOG_WARN("accept failed", {"error", ec.message()});
        Pause([this] { Accept(); });
        return;
      }
      Serve(shard, std::make_shared<Socket>(std::move(socket)));
    });
  }

  void Serve(Shard* shard, const std::shared_ptr<Socket>& socket) {
    if (options_.max_connections != 0 && connections() >= options_.max_connections) {
      if (!std::exchange(full_, true)) LOG_WARN("new connections wait", {"open", connections()});
      for (const auto& other : shards_) other->EndIdle();
      Pause([this, shard, socket] { Serve(shard, socket); });
      return;
    }
    full_ = false;
    if (std::shared_ptr<void> place = EnterAddress(socket.get())) {
      asio::post(shard->io(), [shard, socket, place = std::move(place)]() mutable {
        Connection::Start(std::move(*socket), shard, std::move(place));
      });
    }
    Accept();
  }

  // Null: the connection was closed.
  std::shared_ptr<void> EnterAddress(Socket* socket) {
    error_code ec;
    const asio::ip::address address = socket->remote_endpoint(ec).address();
    std::shared_ptr<void> place = addresses_->Enter(address);
    if (place) return place;
    EndedConnections().address.Increment();
    if (refused_lines_.Take(Clock::Real()->Mono())) {
      LOG_WARN("connection refused, its address has all it may have",
               {"from", address.to_string()});
    }
    socket->set_option(asio::socket_base::linger(true, 0), ec);
    socket->close(ec);
    return nullptr;
  }

  void Pause(std::function<void()> then) {
    pause_->expires_after(kAcceptPause);
    pause_->async_wait([then = std::move(then)](const error_code& stopped) {
      if (!stopped) then();
    });
  }

  const ListenerOptions options_;
  TlsSource tls_;
  const Handler handler_;
  const std::shared_ptr<AddressBound> addresses_;
  LineBudget refused_lines_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::optional<Acceptor> acceptor_;
  std::optional<asio::steady_timer> pause_;
  uint16_t port_ = 0;
  size_t next_ = 0;
  bool full_ = false;  // one line in the log for each time
  bool running_ = false;
};

}  // namespace

Result<std::unique_ptr<Listener>> Listener::Start(const ListenerOptions& options, Handler handler) {
  GANTRY_TRY_SET(auto tls, TlsContext::Create(options.tls));
  auto listener = std::make_unique<ListenerImpl>(options, std::move(tls), std::move(handler));
  GANTRY_TRY(listener->Open());
  listener->Run();
  return Result<std::unique_ptr<Listener>>(std::move(listener));
}

}  // namespace gantry::apiserver
