// Loads a server that speaks the Kubernetes API, or etcd, and prints what it measured as one line
// of JSON. One thread, little work a request: it shares the machine with what it measures, so it
// also says what it used itself. `bench_load --help` names the measurements; hack/bench runs them.
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "tests/bench/load/closed_loop.h"
#include "tests/bench/load/etcd_puts.h"
#include "tests/bench/load/fan_out.h"
#include "tests/bench/load/reading.h"

namespace gantry::bench {
namespace {

int Main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  Server::Options where;
  std::vector<pid_t> pids;
  LoopOptions loop;
  ListOptions list;
  FanOutOptions fan_out;
  EtcdOptions etcd;
  list.accept = "application/json";

  CLI::App app("Loads a server and prints one line of JSON");
  app.require_subcommand(1);
  app.add_option("--server", where.url, "https://host:port or http://host:port")->required();
  app.add_option("--token", where.token, "bearer token");
  app.add_option("--ca", where.ca_file, "certificate authority; without it nothing is verified");
  app.add_option("--pid", pids, "processes of the server, to see what they use")->delimiter(',');

  CLI::App* const requests =
      app.add_subcommand("requests", "a request after the other, closed loop");
  requests->add_option("--mode", loop.mode, "get, create, update, conflict or apply");
  requests->add_option("--path", loop.path, "object (get) or collection of ConfigMaps")->required();
  requests->add_option("--accept", loop.accept, "media type of get");
  requests->add_option("--prefix", loop.prefix, "how names of objects begin");
  requests->add_option("--connections", loop.connections, "connections");
  requests->add_option("--shared", loop.shared, "objects that conflicting writers share");
  requests->add_option("--seconds", loop.seconds, "length");
  requests->add_option("--count", loop.count, "requests, instead of a length");

  CLI::App* const reads = app.add_subcommand("list", "reads a list");
  CLI::App* const informer = app.add_subcommand("informer", "reads the start of a streaming list");
  for (CLI::App* const c : {reads, informer}) {
    c->add_option("--path", list.path, "collection, with its query")->required();
    c->add_option("--accept", list.accept, "media type");
    c->add_option("--limit", list.limit, "objects a page, 0: all at once");
    c->add_option("--times", list.times, "how often");
  }

  CLI::App* const watch = app.add_subcommand("watch", "many watchers of one collection");
  watch->add_option("--path", fan_out.path, "collection of ConfigMaps")->required();
  watch->add_option("--prefix", fan_out.prefix, "how names of objects begin");
  watch->add_option("--watchers", fan_out.watchers, "connections");
  watch->add_option("--rate", fan_out.per_second, "writes a second");
  watch->add_option("--seconds", fan_out.seconds, "length, 0: the watchers only wait");

  CLI::App* const puts = app.add_subcommand("etcd", "puts by etcd's gRPC");
  puts->add_option("--clients", etcd.clients, "connections");
  puts->add_option("--value-bytes", etcd.value_bytes, "size of a value");
  puts->add_option("--seconds", etcd.seconds, "length");
  CLI11_PARSE(app, argc, argv);

  const Server server(where);
  const Meter meter(pids);
  Json result;
  if (*requests) result = RunClosedLoop(server, meter, loop);
  if (*reads) result = RunList(server, meter, list);
  if (*informer) result = RunInformer(server, meter, list);
  if (*watch) result = RunFanOut(server, meter, fan_out);
  if (*puts) result = RunEtcdPuts(server, meter, etcd);
  fmt::print("{}\n", DumpJson(result));
  return 0;
}

}  // namespace
}  // namespace gantry::bench

int main(int argc, char** argv) { return gantry::bench::Main(argc, argv); }
