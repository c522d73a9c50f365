#pragma once

#include "apis/client/client.h"
#include "apis/machinery/base/mutex.h"
#include "apis/machinery/http/options.h"
#include "apis/nodeproxy/node_streams.h"
#include "apiserver/auth/certificates.h"

namespace gantry::program {

// The streams of the process that runs the container controller, found by its Lease at every call
// (rendezvous.h). kUnavailable when there is none. Thread-safe.
class LeaseStreams : public nodeproxy::NodeStreams {
 public:
  explicit LeaseStreams(client::Client client) : client_(std::move(client)) {}

  // The client certificate to show from now on; streams that run go on.
  void SetIdentity(const apiserver::KeyPair& identity);

  Result<std::unique_ptr<nodeproxy::StreamHandle>> Logs(
      const Context& ctx, const ObjectKey& container, const nodeproxy::LogOptions& options,
      std::shared_ptr<nodeproxy::StreamSink> sink) override;
  Result<std::unique_ptr<nodeproxy::StreamHandle>> Exec(
      const Context& ctx, const ObjectKey& container, const nodeproxy::ExecOptions& options,
      std::shared_ptr<nodeproxy::StreamSink> sink) override;

 private:
  Result<std::shared_ptr<nodeproxy::NodeStreams>> Find(const Context& ctx);

  const client::Client client_;

  Mutex mu_;
  http::TlsOptions identity_ GUARDED_BY(mu_);
  // The connection of the last call, for as long as the Lease names the same process.
  std::string url_ GUARDED_BY(mu_);
  std::string authority_ GUARDED_BY(mu_);
  std::shared_ptr<nodeproxy::NodeStreams> remote_ GUARDED_BY(mu_);
};

}  // namespace gantry::program
