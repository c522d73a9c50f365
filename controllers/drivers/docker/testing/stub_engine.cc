#include "controllers/drivers/docker/testing/stub_engine.h"

#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "controllers/drivers/docker/testing/stub_router.h"

namespace gantry::docker {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Socket = asio::local::stream_protocol::socket;
using ErrorCode = boost::system::error_code;

struct InjectedFault {
  std::string match;
  Fault fault;
  int times;
};

}  // namespace

struct StubEngine::Impl {
  struct Peer {
    explicit Peer(asio::io_context* io) : socket(*io) {}
    Socket socket;
    std::atomic<bool> closing = false;
    std::thread thread;
  };

  std::string path;
  asio::io_context io;
  asio::local::stream_protocol::acceptor acceptor{io};
  std::thread accepting;
  StubState state;
  std::atomic<bool> down = false;
  std::atomic<bool> stopping = false;

  Mutex mu;
  CondVar changed;
  std::list<Peer> peers GUARDED_BY(mu);
  std::string api_version GUARDED_BY(mu) = "1.41";
  std::vector<InjectedFault> faults GUARDED_BY(mu);
  std::vector<std::string> requests GUARDED_BY(mu);

  void Accept();
  void Serve(Peer* peer);
  bool ServeOne(Peer* peer, boost::beast::flat_buffer* buffer);
  std::optional<Fault> TakeFault(const std::string& line);
  void DropPeers();
};

namespace {

// The connection as a router sees it.
class SocketWriter : public StubWriter {
 public:
  SocketWriter(Socket* socket, std::string early, const std::atomic<bool>* closing)
      : socket_(socket), early_(std::move(early)), closing_(closing) {}

  bool Raw(std::string_view bytes) override {
    ErrorCode ec;
    asio::write(*socket_, asio::buffer(bytes.data(), bytes.size()), ec);
    return !ec;
  }
  std::string ReadInput() override {
    if (!early_.empty()) return std::exchange(early_, {});
    char buffer[4096];
    ErrorCode ec;
    const size_t n = socket_->read_some(asio::buffer(buffer), ec);
    return ec ? std::string() : std::string(buffer, n);
  }
  const std::atomic<bool>* closing() const override { return closing_; }

 private:
  Socket* const socket_;
  std::string early_;
  const std::atomic<bool>* const closing_;
};

}  // namespace

Result<std::unique_ptr<StubEngine>> StubEngine::Start(const std::string& socket_path) {
  auto impl = std::make_unique<Impl>();
  impl->path = socket_path;
  try {
    const asio::local::stream_protocol::endpoint endpoint(socket_path);
    impl->acceptor.open(endpoint.protocol());
    impl->acceptor.bind(endpoint);
    impl->acceptor.listen();
  } catch (const std::exception& e) {
    return Error(Code::kUnavailable, e.what());
  }
  Impl* raw = impl.get();
  impl->accepting = std::thread([raw] { raw->Accept(); });
  return std::unique_ptr<StubEngine>(new StubEngine(std::move(impl)));
}

StubEngine::StubEngine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

StubEngine::~StubEngine() {
  impl_->stopping = true;
  ::shutdown(impl_->acceptor.native_handle(), SHUT_RDWR);
  impl_->accepting.join();
  impl_->DropPeers();
  ::unlink(impl_->path.c_str());
}

std::string StubEngine::endpoint() const { return "unix://" + impl_->path; }
void StubEngine::AddImage(const std::string& reference, bool healthcheck) {
  impl_->state.AddImage(reference, healthcheck);
}
void StubEngine::AddToRegistry(const std::string& reference) {
  impl_->state.AddToRegistry(reference);
}
void StubEngine::SetApiVersion(const std::string& version) {
  MutexLock lock(&impl_->mu);
  impl_->api_version = version;
}
void StubEngine::Inject(const std::string& match, Fault fault, int times) {
  MutexLock lock(&impl_->mu);
  std::erase_if(impl_->faults, [&](const InjectedFault& f) { return f.match == match; });
  if (times > 0) impl_->faults.push_back({match, fault, times});
}
void StubEngine::Crash(const std::string& container, int exit_code) {
  impl_->state.Crash(container, exit_code);
}
void StubEngine::SetHealth(const std::string& container, const std::string& status) {
  impl_->state.SetHealth(container, status);
}
void StubEngine::DuplicateNetwork(const std::string& name) { impl_->state.DuplicateNetwork(name); }
void StubEngine::Restart() {
  impl_->DropPeers();
  impl_->state.ForgetEvents();
}
void StubEngine::SetDown(bool down) {
  impl_->down = down;
  if (down) impl_->DropPeers();
}
int StubEngine::CountRequests(const std::string& match) const {
  MutexLock lock(&impl_->mu);
  int count = 0;
  for (const std::string& r : impl_->requests) count += r.find(match) != std::string::npos ? 1 : 0;
  return count;
}

int StubEngine::OpenConnections() const {
  MutexLock lock(&impl_->mu);
  // What streams does not read, and so does not see its client go.
  const auto is_open = [](Impl::Peer& p) {
    char byte;
    return ::recv(p.socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
  };
  return static_cast<int>(std::count_if(impl_->peers.begin(), impl_->peers.end(), is_open));
}

void StubEngine::Impl::Accept() {
  while (!stopping) {
    Socket socket(io);
    ErrorCode ec;
    acceptor.accept(socket, ec);
    if (ec) continue;
    // A daemon that is down refuses; a closed connection is as near as one listener comes.
    if (down || stopping) continue;
    MutexLock lock(&mu);
    peers.emplace_back(&io);
    Peer* peer = &peers.back();
    peer->socket = std::move(socket);
    peer->thread = std::thread([this, peer] { Serve(peer); });
  }
}

void StubEngine::Impl::DropPeers() {
  std::list<Peer> dropped;
  {
    MutexLock lock(&mu);
    dropped.swap(peers);
    for (Peer& p : dropped) {
      p.closing = true;
      ::shutdown(p.socket.native_handle(), SHUT_RDWR);
    }
    changed.SignalAll();
  }
  state.WakeAll();
  for (Peer& p : dropped) p.thread.join();
}

std::optional<Fault> StubEngine::Impl::TakeFault(const std::string& line) {
  MutexLock lock(&mu);
  requests.push_back(line);
  for (InjectedFault& f : faults) {
    if (f.times > 0 && line.find(f.match) != std::string::npos) {
      --f.times;
      return f.fault;
    }
  }
  return std::nullopt;
}

void StubEngine::Impl::Serve(Peer* peer) {
  boost::beast::flat_buffer buffer;
  while (!peer->closing && ServeOne(peer, &buffer)) {
  }
  ::shutdown(peer->socket.native_handle(), SHUT_RDWR);
}

// Whether the connection can carry another request.
bool StubEngine::Impl::ServeOne(Peer* peer, boost::beast::flat_buffer* buffer) {
  http::request<http::string_body> request;
  ErrorCode ec;
  http::read(peer->socket, *buffer, request, ec);
  if (ec) return false;
  StubRequest in;
  in.method = std::string(request.method_string());
  in.target = std::string(request.target());
  in.body = request.body();
  const std::optional<Fault> fault = TakeFault(in.method + " " + in.target);
  if (fault == Fault::kDrop) return false;
  if (fault == Fault::kHang) {
    MutexLock lock(&mu);
    while (!peer->closing && !stopping) changed.Wait(&mu);
    return false;
  }
  {
    MutexLock lock(&mu);
    in.api_version = api_version;
  }
  std::string early;
  if (request.find(http::field::upgrade) != request.end()) {
    early = boost::beast::buffers_to_string(buffer->data());
    buffer->clear();
  }
  SocketWriter writer(&peer->socket, std::move(early), &peer->closing);
  StubReply reply;
  if (fault == Fault::kError) {
    reply.answer = {500, {{"message", "injected"}}};
  } else {
    reply = RouteStubRequest(&state, in, &writer);
  }
  if (fault == Fault::kDropAfter || reply.streamed) return false;
  http::response<http::string_body> response;
  response.result(static_cast<unsigned>(reply.answer.status));
  response.set("Api-Version", in.api_version);
  response.set(http::field::content_type, "application/json");
  if (!reply.answer.body.is_null()) response.body() = DumpJson(reply.answer.body);
  response.prepare_payload();
  http::write(peer->socket, response, ec);
  return !ec;
}

}  // namespace gantry::docker
