#pragma once

#include <memory>

#include "apis/machinery/base/mutex.h"
#include "apis/nodeproxy/node_streams.h"

namespace gantry::program {

// NodeStreams that come after the server that offers them: kUnavailable until Set. Thread-safe.
class LateStreams : public nodeproxy::NodeStreams {
 public:
  // Null takes them away again; running calls may still use the old ones.
  void Set(std::shared_ptr<nodeproxy::NodeStreams> streams);

  Result<std::unique_ptr<nodeproxy::StreamHandle>> Logs(
      const Context& ctx, const ObjectKey& container, const nodeproxy::LogOptions& options,
      std::shared_ptr<nodeproxy::StreamSink> sink) override;
  Result<std::unique_ptr<nodeproxy::StreamHandle>> Exec(
      const Context& ctx, const ObjectKey& container, const nodeproxy::ExecOptions& options,
      std::shared_ptr<nodeproxy::StreamSink> sink) override;

 private:
  Result<std::shared_ptr<nodeproxy::NodeStreams>> Get() const;

  mutable Mutex mu_;
  std::shared_ptr<nodeproxy::NodeStreams> streams_ GUARDED_BY(mu_);
};

}  // namespace gantry::program
