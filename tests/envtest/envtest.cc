#include "tests/envtest/envtest.h"

#include "apis/machinery/base/check.h"
#include "apiserver/filters/chain.h"
#include "apiserver/server/in_process_transport.h"

namespace gantry::testing {

std::shared_ptr<client::Transport> TransportTo(const apiserver::ApiCore& core) {
  static const apiserver::Authorizer* const masters = apiserver::NewMastersAuthorizer().release();
  apiserver::FilterConfig config;  // no authenticator: the transport says who it is
  config.authorizer = masters;
  return apiserver::NewInProcessTransport(apiserver::BuildFilterChain(core.handler(), config),
                                          {"test", "", {"system:masters"}, {}});
}

EnvTest::EnvTest(nodeproxy::NodeStreams* streams)
    : EnvTest(Clock::Real(), Random::Real(), streams) {}

EnvTest::EnvTest(Clock* clock, Random* random, nodeproxy::NodeStreams* streams) {
  auto store = store::OpenStore("memory:");
  GANTRY_CHECK(store.ok());
  store_ = *std::move(store);
  apiserver::ApiCore::Options options;
  options.clock = clock;
  options.random = random;
  options.streams = streams;
  core_ = std::make_unique<apiserver::ApiCore>(store_.get(), options);
  const Status started = core_->Start(Context());
  if (!started.ok()) CheckFailed(__FILE__, __LINE__, started.error().message);
}

EnvTest::~EnvTest() { core_->Stop(); }

client::Client EnvTest::Client(const std::string& manager) {
  return client::Client(Transport(), manager);
}

std::string EnvTest::MakeNamespace(const std::string& name) {
  const client::Resource namespaces{"", "v1", "namespaces", "Namespace", false};
  const auto made =
      Client("envtest").Create(Context(), namespaces, Object(namespaces.gvk(), {"", name}));
  if (!made.ok()) CheckFailed(__FILE__, __LINE__, made.error().message);
  return name;
}

}  // namespace gantry::testing
