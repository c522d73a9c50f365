#include "apiserver/gantry/lease_streams.h"

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/http/https_transport.h"
#include "apis/nodeproxy/remote_streams.h"
#include "apiserver/gantry/rendezvous.h"

namespace gantry::program {

void LeaseStreams::SetIdentity(const apiserver::KeyPair& identity) {
  MutexLock lock(&mu_);
  identity_ = {};
  identity_.client_cert_pem = identity.certificate;
  identity_.client_key_pem = identity.key;
  remote_.reset();
}

Result<std::shared_ptr<nodeproxy::NodeStreams>> LeaseStreams::Find(const Context& ctx) {
  GANTRY_TRY_SET(const client::List leases,
                 client_.ListAll(ctx, v1::kLeases, v1::kSystemNamespace, {}));
  const Object* best = nullptr;
  const auto renewed = [](const Object& o) { return GetString(o.spec(), "renewTime"); };
  for (const Object& lease : leases.items) {
    if (lease.annotation(kAnnotationStreamsUrl).empty()) continue;
    if (GetString(lease.spec(), "holderIdentity").empty()) continue;
    if (best == nullptr || renewed(lease) > renewed(*best)) best = &lease;
  }
  if (best == nullptr) {
    return Error(Code::kUnavailable,
                 "logs and exec need the container controller, which no process runs: `gantry "
                 "controllers`");
  }
  MutexLock lock(&mu_);
  http::TransportOptions options;
  options.server = best->annotation(kAnnotationStreamsUrl);
  options.tls = identity_;
  options.tls.ca_pem = best->annotation(kAnnotationStreamsAuthority);
  if (remote_ && url_ == options.server && authority_ == options.tls.ca_pem) return remote_;
  GANTRY_TRY_SET(auto transport, http::NewHttpsTransport(options));
  remote_ = nodeproxy::NewRemoteStreams(std::move(transport));
  url_ = options.server;
  authority_ = options.tls.ca_pem;
  return remote_;
}

Result<std::unique_ptr<nodeproxy::StreamHandle>> LeaseStreams::Logs(
    const Context& ctx, const ObjectKey& container, const nodeproxy::LogOptions& options,
    std::shared_ptr<nodeproxy::StreamSink> sink) {
  GANTRY_TRY_SET(const auto remote, Find(ctx));
  return remote->Logs(ctx, container, options, std::move(sink));
}

Result<std::unique_ptr<nodeproxy::StreamHandle>> LeaseStreams::Exec(
    const Context& ctx, const ObjectKey& container, const nodeproxy::ExecOptions& options,
    std::shared_ptr<nodeproxy::StreamSink> sink) {
  GANTRY_TRY_SET(const auto remote, Find(ctx));
  return remote->Exec(ctx, container, options, std::move(sink));
}

}  // namespace gantry::program
