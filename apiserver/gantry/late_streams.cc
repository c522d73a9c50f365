#include "apiserver/gantry/late_streams.h"

namespace gantry::program {

void LateStreams::Set(std::shared_ptr<nodeproxy::NodeStreams> streams) {
  MutexLock lock(&mu_);
  streams_ = std::move(streams);
}

Result<std::shared_ptr<nodeproxy::NodeStreams>> LateStreams::Get() const {
  MutexLock lock(&mu_);
  if (streams_) return streams_;
  return Error(Code::kUnavailable, "the container controller does not run yet, or no more");
}

Result<std::unique_ptr<nodeproxy::StreamHandle>> LateStreams::Logs(
    const Context& ctx, const ObjectKey& container, const nodeproxy::LogOptions& options,
    std::shared_ptr<nodeproxy::StreamSink> sink) {
  GANTRY_TRY_SET(const auto streams, Get());
  return streams->Logs(ctx, container, options, std::move(sink));
}

Result<std::unique_ptr<nodeproxy::StreamHandle>> LateStreams::Exec(
    const Context& ctx, const ObjectKey& container, const nodeproxy::ExecOptions& options,
    std::shared_ptr<nodeproxy::StreamSink> sink) {
  GANTRY_TRY_SET(const auto streams, Get());
  return streams->Exec(ctx, container, options, std::move(sink));
}

}  // namespace gantry::program
