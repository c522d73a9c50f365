#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "apis/machinery/base/log.h"
#include "apis/machinery/http/https_transport.h"
#include "apiserver/auth/certificate_keeper.h"
#include "apiserver/auth/files.h"
#include "apiserver/auth/pki.h"
#include "apiserver/gantry/address.h"
#include "apiserver/gantry/commands.h"
#include "apiserver/gantry/controllers_identity.h"
#include "apiserver/gantry/descriptors.h"
#include "apiserver/gantry/late_streams.h"
#include "apiserver/gantry/lease_streams.h"
#include "apiserver/gantry/rendezvous.h"
#include "apiserver/http/listener.h"
#include "apiserver/registry/system_user.h"
#include "apiserver/server/api_server.h"
#include "apiserver/server/debug_sections.h"
#include "controllers/assembly/assembly.h"
#include "store/store.h"

namespace gantry::program {
namespace {

using namespace std::chrono_literals;

constexpr int kConnectionsOfAddress = 1000;

Result<apiserver::AuditTrail> MakeAudit(const ServerOptions& options) {
  apiserver::AuditTrail trail{apiserver::AuditPolicy::Default(), nullptr};
  if (!options.audit_policy.empty()) {
    GANTRY_TRY_SET(const std::string text, apiserver::ReadFile(options.audit_policy));
    GANTRY_TRY_SET(trail.policy, apiserver::AuditPolicy::Parse(text).Wrap(options.audit_policy));
  }
  apiserver::AuditLogOptions log;
  log.path = options.audit_log.value_or(options.data_dir + "/audit/audit.log");
  log.max_bytes = static_cast<uint64_t>(options.audit_megabytes) << 20;
  log.max_files = options.audit_files;
  log.max_days = options.audit_days;
  if (log.path.empty()) return trail;
  GANTRY_TRY_SET(trail.log, apiserver::AuditLog::Open(log, Clock::Real()));
  return trail;
}

// Null for the API server alone. `server` outlives the set.
Result<std::unique_ptr<assembly::ControllerSet>> MakeControllers(
    const ServerOptions& options, const apiserver::ApiServer& server) {
  if (!options.with_controllers) return std::unique_ptr<assembly::ControllerSet>();
  assembly::Options set;
  set.transport = [&server](const std::string& user) {
    return server.InProcess({user, "", {kControllersGroup}, {}});
  };
  return assembly::ControllerSet::Create(std::move(set));
}

// The store, with what is to be sealed sealed. Refuses when a key is not there that the store
// needs.
Result<std::unique_ptr<store::EncryptedStore>> OpenSealed(const ServerOptions& options,
                                                          const std::string& uri) {
  GANTRY_TRY_SET(store::Keyring keyring,
                 MakeKeyring(options.encryption, options.data_dir + "/encryption.key"));
  GANTRY_TRY_SET(auto store, options.open_store(uri));
  auto sealed = store::EncryptedStore::Open(std::move(store), std::move(keyring), Random::Real());
  return std::move(sealed).Wrap(
      "encryption at rest (--encryption-key-file, --encryption-provider-config)");
}

// Logs and exec from whatever process runs the container controller. `server` outlives the result.
std::shared_ptr<LeaseStreams> MakeLeaseStreams(const apiserver::KeyPair& identity,
                                               const apiserver::ApiServer& server) {
  const client::Client client(server.InProcess(apiserver::SystemUser()), kStreamsUser);
  auto streams = std::make_shared<LeaseStreams>(client);
  streams->SetIdentity(identity);
  return streams;
}

Result<std::unique_ptr<apiserver::CertificateKeeper>> MakeKeeper(
    const ServerOptions& options, const apiserver::PkiOptions& pki_options,
    const apiserver::Pki& pki) {
  apiserver::CertificateKeeper::Options keeper;
  keeper.pki = pki_options;
  keeper.tls_certificate_file = options.tls_certificate;
  keeper.tls_key_file = options.tls_key;
  keeper.client_ca_file = options.client_ca;
  if (!options.with_controllers) keeper.streams_user = kStreamsUser;
  return apiserver::CertificateKeeper::Open(std::move(keeper), pki);
}

void BoundConnections(const ServerOptions& options, apiserver::ListenerOptions* listen) {
  listen->max_connections = RaiseDescriptorLimit();
  if (options.max_connections > 0) {
    listen->max_connections =
        std::min(listen->max_connections, static_cast<size_t>(options.max_connections));
  }
  listen->max_address =
      static_cast<size_t>(options.max_per_address.value_or(kConnectionsOfAddress));
  listen->max_loopback = static_cast<size_t>(options.max_per_address.value_or(0));
}

}  // namespace

void WaitForSignal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  int signal = 0;
  sigwait(&set, &signal);
  LOG_INFO("ending", {"signal", signal});
}

// The data directory as it is called, and where it lies.
std::vector<std::string> OwnPaths(const std::string& data_dir) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(data_dir, error);
  std::vector<std::string> paths = {absolute.lexically_normal().string()};
  const std::filesystem::path real = std::filesystem::weakly_canonical(absolute, error);
  if (!error && real != absolute) paths.push_back(real.string());
  return paths;
}

Status RunServer(const ServerOptions& options) {
  Clock* const clock = Clock::Real();
  const MonoTime begin = clock->Mono();
  GANTRY_TRY_SET(const Address address, ParseListen("--listen", options.listen));

  apiserver::PkiOptions pki_options;
  pki_options.data_dir = options.data_dir;
  pki_options.listen_address = address.host;
  pki_options.extra_names = options.san;
  pki_options.own_encryption_key = !options.encryption.given();
  GANTRY_TRY_SET(const apiserver::Pki pki,
                 apiserver::Pki::Ensure(pki_options, clock, Random::Real()));
  GANTRY_TRY_SET(const auto keeper, MakeKeeper(options, pki_options, pki));
  const auto certificates = apiserver::NewX509Authenticator();
  GANTRY_TRY_SET(const KnownUsers known,
                 MakeKnownUsers(options.identity, options.data_dir, pki.admin_token));

  const std::string uri =
      options.store.empty() ? "rocksdb:" + options.data_dir + "/store" : options.store;
  GANTRY_TRY_SET(const auto store, OpenSealed(options, uri));
  LateStreams streams;
  apiserver::ApiServer::Options server_options;
  server_options.core.streams = &streams;
  server_options.core.certificates.authority = &pki.ca;
  server_options.core.webhooks = [](const schema::WebhookConversion& webhook) {
    http::TransportOptions transport;
    transport.server = webhook.server;
    transport.tls.ca_pem = webhook.ca_pem;
    return http::NewHttpsTransport(transport);
  };
  server_options.core.protected_paths = OwnPaths(options.data_dir);
  server_options.in_flight.read = options.max_reads;
  server_options.in_flight.mutating = options.max_writes;
  server_options.encrypted = store.get();
  server_options.authenticator = certificates.get();
  server_options.core.service_accounts = known.service_accounts.get();
  server_options.core.tokens = known.tokens.get();
  server_options.backup_scratch = options.data_dir + "/backup-in-transfer";
  GANTRY_TRY_SET(const apiserver::AuditTrail audit, MakeAudit(options));
  if (audit.log) server_options.audit = &audit;
  apiserver::ApiServer server(store.get(), server_options);
  GANTRY_TRY(server.Start(Context().WithTimeout(5min)));

  apiserver::ListenerOptions listen;
  listen.address = address.host;
  listen.port = address.port;
  BoundConnections(options, &listen);
  listen.tls = keeper->tls();
  GANTRY_TRY_SET(const auto listener, apiserver::Listener::Start(listen, server.handler()));
  server.debug().Set("connections", [&listener](size_t limit) {
    return apiserver::DescribeConnections(listener->Busiest(limit));
  });
  const std::string url = UrlOf(address, listener->port());
  const auto write_kubeconfig = [&]() -> Result<std::string> {
    GANTRY_TRY(WriteControllersKubeconfig(pki.ca, options.data_dir, url, keeper->trusted()));
    return apiserver::WriteAdminKubeconfig(keeper->pki(), options.data_dir, url, keeper->trusted());
  };
  GANTRY_TRY_SET(const std::string kubeconfig, write_kubeconfig());
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock->Mono() - begin);
  fmt::print("ready  {}  store={}  kubeconfig={}  ({} ms)\n", url, uri, kubeconfig, took.count());
  std::fflush(stdout);

  // The set's clients are within the server, so it ends first.
  GANTRY_TRY_SET(auto controllers, MakeControllers(options, server));
  Status ended = OkStatus();
  apiserver::CertificateKeeper::Users keeps;
  keeps.tls = [&listener](const apiserver::TlsFiles& files) { return listener->UseTls(files); };
  keeps.admin = [&write_kubeconfig]() -> Status {
    GANTRY_TRY(write_kubeconfig());
    return OkStatus();
  };
  if (controllers) {
    ended = controllers->Start(Context().WithTimeout(1min)).Wrap("controllers");
    if (ended.ok()) {
      streams.Set(controllers->streams());
      server.debug().Set("controllers",
                         [set = controllers.get()](size_t limit) { return set->Describe(limit); });
    }
  } else {
    const auto remote = MakeLeaseStreams(keeper->streams(), server);
    keeps.streams = [remote](const apiserver::KeyPair& pair) { remote->SetIdentity(pair); };
    streams.Set(remote);
  }
  keeper->Start(std::move(keeps));
  if (ended.ok()) WaitForSignal();
  keeper->Stop();
  streams.Set(nullptr);
  for (const char* section : {"connections", "controllers"}) server.debug().Set(section, nullptr);
  listener->Stop(5s);
  controllers.reset();
  server.Stop();
  return ended;
}

}  // namespace gantry::program
