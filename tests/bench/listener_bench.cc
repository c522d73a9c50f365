// GETs a second over TLS, of the listener and of a bare Beast server in turns, and the memory of an
// idle connection. The clients are another process. `listener_bench --help` names the options.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apiserver/http/listener.h"
#include "tests/apiserver/testing/credentials.h"
#include "tests/apiserver/testing/tls_client.h"
#include "tests/bench/bare_server.h"

namespace gantry::apiserver::bench {
namespace {

using testing::TestCredentials;
using testing::TlsClient;

struct Options {
  size_t connections = 16;
  size_t idle = 500;
  size_t body = 1024;
  size_t threads = 0;
  int seconds = 3;
  int rounds = 3;
};

size_t ResidentBytes() {
  size_t total = 0;
  size_t resident = 0;
  FILE* const f = std::fopen("/proc/self/statm", "r");
  if (f == nullptr || std::fscanf(f, "%zu %zu", &total, &resident) != 2) resident = 0;
  if (f != nullptr) std::fclose(f);
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

std::unique_ptr<TlsClient> Connect(uint16_t port) {
  TlsClient::Options options;
  options.ca = TestCredentials().ca.certificate;
  return TlsClient::Connect(port, options);
}

double GetsPerSecond(uint16_t port, const Options& options) {
  std::atomic<size_t> done = 0;
  std::atomic<bool> stop = false;
  std::vector<std::thread> clients;
  for (size_t i = 0; i < options.connections; ++i) {
    clients.emplace_back([&] {
      const auto client = Connect(port);
      while (client && !stop) {
        if (client->Get("/api/v1/namespaces/default/configmaps/a").status != 200) return;
        ++done;
      }
    });
  }
  const MonoTime begin = Clock::Real()->Mono();
  std::this_thread::sleep_for(std::chrono::seconds(options.seconds));
  const double count = static_cast<double>(done);
  const double took = std::chrono::duration<double>(Clock::Real()->Mono() - begin).count();
  stop = true;
  for (std::thread& t : clients) t.join();
  return count / took;
}

// A client process: reads ports, answers with rates; then opens the idle connections.
[[noreturn]] void ClientProcess(int from, int to, const Options& options) {
  uint16_t port = 0;
  for (int i = 0; i < 2 * options.rounds; ++i) {
    if (read(from, &port, sizeof port) != sizeof port) _exit(1);
    const double rate = GetsPerSecond(port, options);
    if (write(to, &rate, sizeof rate) != sizeof rate) _exit(1);
  }
  if (read(from, &port, sizeof port) != sizeof port) _exit(1);
  std::vector<std::unique_ptr<TlsClient>> idle;
  for (size_t i = 0; i < options.idle; ++i) {
    idle.push_back(Connect(port));
    if (!idle.back() || idle.back()->Get("/x").status != 200) _exit(1);
  }
  const double ready = 1;
  if (write(to, &ready, sizeof ready) != sizeof ready) _exit(1);
  _exit(read(from, &port, sizeof port) == sizeof port ? 0 : 1);
}

double Ask(int to, int from, uint16_t port) {
  double answer = 0;
  if (write(to, &port, sizeof port) != sizeof port) return 0;
  return read(from, &answer, sizeof answer) == sizeof answer ? answer : 0;
}

int Run(const Options& options) {
  TestCredentials();  // both processes need the same
  int down[2];
  int up[2];
  if (pipe(down) != 0 || pipe(up) != 0) return 1;
  const pid_t child = fork();
  if (child == 0) ClientProcess(down[0], up[1], options);

  const auto body = std::make_shared<const std::string>(std::string(options.body, 'x'));
  ListenerOptions listen;
  listen.tls = TestCredentials().tls();
  listen.io_threads = options.threads;
  auto listener = Listener::Start(listen, [body](Request&) {
    struct Answer {
      static Task<Response> Make(std::shared_ptr<const std::string> body) {
        Response response;
        response.shared_body = std::move(body);
        co_return std::move(response);
      }
    };
    return Answer::Make(body);
  });
  if (!listener.ok()) return 1;
  const size_t threads =
      options.threads > 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
  const auto bare = BareServer::Start(listen.tls, *body, threads);
  for (int i = 0; i < options.rounds; ++i) {
    const double yardstick = Ask(down[1], up[0], bare->port());
    const double ours = Ask(down[1], up[0], (*listener)->port());
    fmt::print("bare {:.0f}/s  listener {:.0f}/s  ratio {:.2f}\n", yardstick, ours,
               ours / yardstick);
  }
  const size_t before = ResidentBytes();
  Ask(down[1], up[0], (*listener)->port());
  const size_t after = ResidentBytes();
  fmt::print("idle connection {:.1f} KiB, of {}\n",
             static_cast<double>(after - before) / 1024 / static_cast<double>(options.idle),
             (*listener)->connections());
  const uint16_t end = 0;
  if (write(down[1], &end, sizeof end) != sizeof end) return 1;
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

}  // namespace
}  // namespace gantry::apiserver::bench

int main(int argc, char** argv) {
  gantry::apiserver::bench::Options options;
  CLI::App app("TLS listener: GETs a second against a bare Beast server, memory when idle");
  app.add_option("--connections", options.connections, "busy connections");
  app.add_option("--idle", options.idle, "idle connections");
  app.add_option("--body", options.body, "bytes of an answer");
  app.add_option("--threads", options.threads, "io threads, 0: one a core");
  app.add_option("--seconds", options.seconds, "length of a measurement");
  app.add_option("--rounds", options.rounds, "measurements of each");
  CLI11_PARSE(app, argc, argv);
  return gantry::apiserver::bench::Run(options);
}
