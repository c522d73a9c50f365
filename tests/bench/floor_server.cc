// The floor for reads: our listener with a handler that answers the same bytes to everything.
// `floor_server DATA_DIR BYTES` takes the keys of an API server's data directory, prints
// `ready URL` and serves until SIGTERM.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/random.h"
#include "apiserver/auth/pki.h"
#include "apiserver/http/listener.h"
#include "apiserver/http/status_response.h"

namespace gantry::apiserver {
namespace {

int Main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: floor_server DATA_DIR BYTES\n");
    return 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  PkiOptions pki_options;
  pki_options.data_dir = argv[1];
  const auto pki = Pki::Ensure(pki_options, Clock::Real(), Random::Real());
  if (!pki.ok()) {
    fmt::print(stderr, "error: {}\n", pki.error().message);
    return 1;
  }
  ListenerOptions options;
  options.tls = {pki->server.certificate, pki->server.key, pki->ca.certificate};
  const auto body = std::make_shared<const std::string>(std::strtoul(argv[2], nullptr, 10), 'x');
  const auto listener = Listener::Start(options, [body](Request&) {
    Response response;
    response.shared_body = body;
    return Ready(std::move(response));
  });
  if (!listener.ok()) {
    fmt::print(stderr, "error: {}\n", listener.error().message);
    return 1;
  }
  fmt::print("ready  https://127.0.0.1:{}\n", (*listener)->port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}

}  // namespace
}  // namespace gantry::apiserver

int main(int argc, char** argv) { return gantry::apiserver::Main(argc, argv); }
