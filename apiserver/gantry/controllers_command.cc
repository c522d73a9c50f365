#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "apis/machinery/base/log.h"
#include "apis/machinery/base/random.h"
#include "apis/machinery/http/https_transport.h"
#include "apis/machinery/kubeconfig/kubeconfig.h"
#include "apiserver/gantry/commands.h"
#include "apiserver/gantry/late_streams.h"
#include "apiserver/gantry/streams_server.h"
#include "controllers/assembly/assembly.h"

namespace gantry::program {
namespace {

// Unique per process, and telling where it runs.
std::string Identity() {
  char host[256] = {};
  gethostname(host, sizeof(host) - 1);
  return fmt::format("{}_{}_{}", host, getpid(), RandomSuffix(Random::Real(), 5));
}

bool RunsContainers(const ControllersOptions& options) {
  return options.only.empty() ||
         std::find(options.only.begin(), options.only.end(), "container") != options.only.end();
}

}  // namespace

Status RunControllers(const ControllersOptions& options) {
  kubeconfig::Overrides overrides;
  overrides.kubeconfig = options.kubeconfig;
  GANTRY_TRY_SET(const kubeconfig::ClientConfig config,
                 kubeconfig::Load(overrides, kubeconfig::ProcessEnvironment()));
  GANTRY_TRY_SET(const auto transport, http::NewHttpsTransport(config.transport));
  assembly::Options set;
  // Over HTTPS the credentials of the kubeconfig say who we are, for all of them.
  set.transport = [&transport](const std::string&) { return transport; };
  set.only = options.only;
  set.lease_identity = Identity();

  LateStreams streams;
  std::unique_ptr<StreamsServer> server;
  if (RunsContainers(options) && config.transport.tls.ca_pem.empty()) {
    LOG_WARN("no logs and exec: the kubeconfig names no authority to know API servers by");
  } else if (RunsContainers(options)) {
    GANTRY_TRY_SET(const Address listen, ParseListen("--streams-listen", options.streams_listen));
    if (listen.any()) {
      return Error(Code::kBadRequest,
                   "--streams-listen: must be an address that API servers reach, got '" +
                       options.streams_listen + "'");
    }
    GANTRY_TRY_SET(server, StreamsServer::Start(listen, config.transport.tls.ca_pem, &streams));
    set.lease_annotations = server->annotations();
    set.on_streams = [&streams, &server](std::shared_ptr<nodeproxy::NodeStreams> now) {
      const bool over = !now;
      streams.Set(std::move(now));
      if (over) server->Stop();  // the process ends; no call may outlive the controllers
    };
    set.on_running = [&server](const assembly::ControllerSet* running) {
      apiserver::DebugPage::Section section;
      if (running != nullptr)
        section = [running](size_t limit) { return running->Describe(limit); };
      server->debug().Set("controllers", std::move(section));
    };
  }

  const Context stop = Context().WithCancel();
  std::thread signals([&stop] {
    WaitForSignal();
    stop.Cancel();
  });
  const Status ended = assembly::RunElected(std::move(set), stop);
  if (!stop.cancelled()) kill(getpid(), SIGTERM);  // lets the thread that waits for one go
  signals.join();
  return ended;
}

}  // namespace gantry::program
