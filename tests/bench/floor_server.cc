// What a server can do at best. `floor_server KIND DATA_DIR BYTES` takes the keys of an API
// server's data directory, prints `ready URL` and serves until SIGTERM:
//
//   listener  our listener, with a handler that answers BYTES to everything
//   beast     Boost.Beast over asio's TLS stream, the same answer
//   fanout    a bare loop of TLS writes: an event of BYTES for every watcher after each POST
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/random.h"
#include "apiserver/auth/pki.h"
#include "apiserver/http/listener.h"
#include "apiserver/http/status_response.h"
#include "tests/bench/bare_server.h"
#include "tests/bench/fan_out_floor.h"

namespace gantry::apiserver {
namespace {

struct Floor {
  std::unique_ptr<Listener> listener;
  std::unique_ptr<bench::BareServer> beast;
  std::unique_ptr<bench::FanOutFloor> fan_out;

  uint16_t port() const {
    if (listener) return listener->port();
    if (beast) return beast->port();
    return fan_out ? fan_out->port() : 0;
  }
};

Floor Start(const std::string& kind, const TlsFiles& tls, size_t bytes) {
  Floor floor;
  if (kind == "beast") {
    floor.beast = bench::BareServer::Start(tls, std::string(bytes, 'x'),
                                           std::max(1U, std::thread::hardware_concurrency()));
  } else if (kind == "fanout") {
    floor.fan_out = bench::FanOutFloor::Start(tls, bytes);
  } else if (kind == "listener") {
    ListenerOptions options;
    options.tls = tls;
    const auto body = std::make_shared<const std::string>(bytes, 'x');
    auto listener = Listener::Start(options, [body](Request&) {
      Response response;
      response.shared_body = body;
      return Ready(std::move(response));
    });
    if (listener.ok()) floor.listener = *std::move(listener);
  }
  return floor;
}

int Main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: floor_server listener|beast|fanout DATA_DIR BYTES\n");
    return 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  PkiOptions pki_options;
  pki_options.data_dir = argv[2];
  const auto pki = Pki::Ensure(pki_options, Clock::Real(), Random::Real());
  if (!pki.ok()) {
    fmt::print(stderr, "error: {}\n", pki.error().message);
    return 1;
  }
  const TlsFiles tls = {pki->server.certificate, pki->server.key, pki->ca.certificate};
  const Floor floor = Start(argv[1], tls, std::strtoul(argv[3], nullptr, 10));
  if (floor.port() == 0) {
    fmt::print(stderr, "error: the floor '{}' does not start\n", argv[1]);
    return 1;
  }
  fmt::print("ready  https://127.0.0.1:{}\n", floor.port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  std::_Exit(0);  // a floor's threads do not end by themselves
}

}  // namespace
}  // namespace gantry::apiserver

int main(int argc, char** argv) { return gantry::apiserver::Main(argc, argv); }
