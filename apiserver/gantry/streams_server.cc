#include "apiserver/gantry/streams_server.h"

#include <algorithm>

#include "apiserver/auth/certificates.h"
#include "apiserver/endpoints/connect.h"
#include "apiserver/filters/chain.h"
#include "apiserver/gantry/rendezvous.h"
#include "apiserver/server/nonresource.h"

namespace gantry::program {
namespace {

using namespace std::chrono_literals;

constexpr size_t kThreads = 8;  // as many engines may be asked for a stream at once
constexpr Duration kLifetime = 24h * 3650;

class StreamsAuthorizer : public apiserver::Authorizer {
 public:
  bool Decide(const apiserver::AccessRequest& access, std::string*) const override {
    const std::vector<std::string>& groups = access.user.groups;
    const bool master = std::find(groups.begin(), groups.end(), "system:masters") != groups.end();
    return access.user.name == kStreamsUser || (master && !access.info.is_resource);
  }
};

}  // namespace

StreamsServer::StreamsServer()
    : authenticator_(apiserver::NewX509Authenticator()),
      authorizer_(std::make_unique<StreamsAuthorizer>()),
      pool_(std::make_unique<ThreadPool>(kThreads)) {}

Result<std::unique_ptr<StreamsServer>> StreamsServer::Start(const Address& listen,
                                                            const std::string& client_ca,
                                                            nodeproxy::NodeStreams* streams) {
  const WallTime now = Clock::Real()->Now();
  GANTRY_TRY_SET(const apiserver::KeyPair authority,
                 apiserver::MakeAuthority("gantry-streams-authority", now - 1h, now + kLifetime));
  apiserver::CertificateRequest request;
  request.common_name = "gantry-streams";
  request.ip_addresses = {listen.host};
  request.server = true;
  request.not_before = now - 1h;
  request.not_after = now + kLifetime;
  GANTRY_TRY_SET(const apiserver::KeyPair own, apiserver::MakeCertificate(authority, request));

  std::unique_ptr<StreamsServer> server(new StreamsServer);
  apiserver::FilterConfig filters;
  filters.authenticator = server->authenticator_.get();
  filters.authorizer = server->authorizer_.get();
  apiserver::ListenerOptions options;
  options.address = listen.host;
  options.port = listen.port;
  options.tls = {own.certificate, own.key, client_ca};
  options.io_threads = 1;
  GANTRY_TRY_SET(server->listener_,
                 apiserver::Listener::Start(
                     options, apiserver::BuildFilterChain(
                                  apiserver::WithProcessPaths(
                                      apiserver::MakeStreamsHandler({streams, server->pool_.get()}),
                                      &server->debug_),
                                  filters)));
  server->annotations_ = {{kAnnotationStreamsUrl, UrlOf(listen, server->listener_->port())},
                          {kAnnotationStreamsAuthority, authority.certificate}};
  return server;
}

void StreamsServer::Stop() {
  if (listener_) listener_->Stop(1s);
  listener_.reset();
  pool_.reset();  // runs what was posted
}

}  // namespace gantry::program
