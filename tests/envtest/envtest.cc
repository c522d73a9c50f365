#include "tests/envtest/envtest.h"

#include "apis/machinery/base/check.h"
#include "apiserver/server/in_process_transport.h"

namespace gantry::testing {

namespace {

// Signs client certificates in all tests of the process.
const apiserver::KeyPair& Authority() {
  static const auto* const made = [] {
    const WallTime now = Clock::Real()->Now();
    auto pair = apiserver::MakeAuthority("envtest", now, now + std::chrono::hours(24));
    GANTRY_CHECK(pair.ok());
    return new apiserver::KeyPair(*std::move(pair));
  }();
  return *made;
}

}  // namespace

EnvTest::EnvTest(nodeproxy::NodeStreams* streams)
    : EnvTest(Clock::Real(), Random::Real(), streams) {}

EnvTest::EnvTest(Clock* clock, Random* random, nodeproxy::NodeStreams* streams) {
  auto store = store::OpenStore("memory:");
  GANTRY_CHECK(store.ok());
  store_ = *std::move(store);
  apiserver::ApiServer::Options options;
  options.core.clock = clock;
  options.core.random = random;
  options.core.streams = streams;
  static const auto* const key = new std::string(*apiserver::jwt::MakeKeyPem());
  apiserver::ServiceAccountTokens::Options tokens;
  tokens.signing_key = *key;
  tokens_ = *apiserver::ServiceAccountTokens::Make(tokens);
  options.core.service_accounts = tokens_.get();
  options.core.certificates.authority = &Authority();
  options.core.certificates.period = std::chrono::milliseconds(200);
  server_ = std::make_unique<apiserver::ApiServer>(store_.get(), options);
  const Status started = server_->Start(Context());
  if (!started.ok()) CheckFailed(__FILE__, __LINE__, started.error().message);
}

EnvTest::~EnvTest() { server_->Stop(); }

client::Client EnvTest::Client(const std::string& manager) {
  return client::Client(Transport(), manager);
}

std::shared_ptr<client::Transport> EnvTest::TransportAs(apiserver::User user) {
  return apiserver::NewInProcessTransport(server_->handler(), std::move(user));
}

std::string EnvTest::MakeNamespace(const std::string& name) {
  const client::Resource namespaces{"", "v1", "namespaces", "Namespace", false};
  const auto made =
      Client("envtest").Create(Context(), namespaces, Object(namespaces.gvk(), {"", name}));
  if (!made.ok()) CheckFailed(__FILE__, __LINE__, made.error().message);
  return name;
}

}  // namespace gantry::testing
