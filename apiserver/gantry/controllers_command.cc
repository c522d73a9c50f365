#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "apis/machinery/base/log.h"
#include "apis/machinery/base/random.h"
#include "apis/machinery/http/https_transport.h"
#include "apis/machinery/kubeconfig/kubeconfig.h"
#include "apiserver/gantry/commands.h"
#include "controllers/assembly/assembly.h"

namespace gantry::program {
namespace {

// Unique per process, and telling where it runs.
std::string Identity() {
  char host[256] = {};
  gethostname(host, sizeof(host) - 1);
  return fmt::format("{}_{}_{}", host, getpid(), RandomSuffix(Random::Real(), 5));
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
