#pragma once

#include "apis/nodeproxy/node_streams.h"
#include "apiserver/http/handler.h"
#include "apiserver/storage/ready_signal.h"

namespace gantry::apiserver {

// Between a container's output, which blocks while the buffer is full, and a body that is pulled.
// Both channels become one text. Thread-safe.
class LogBuffer : public nodeproxy::StreamSink {
 public:
  bool OnData(nodeproxy::Channel channel, std::string_view bytes) override;
  void OnEnd(Result<int> result) override;

  BodyStream::State Pull(std::string* out, size_t max);
  void OnReady(std::function<void()> wake);
  // The reader is gone: producers stop.
  void Close();

 private:
  bool ReadyLocked() const REQUIRES(mu_) { return !bytes_.empty() || ended_; }

  ReadySignal signal_;
  Mutex mu_;
  CondVar drained_;
  std::string bytes_ GUARDED_BY(mu_);
  bool ended_ GUARDED_BY(mu_) = false;
  bool closed_ GUARDED_BY(mu_) = false;
};

// The body of `containers/log`.
class LogStream : public BodyStream {
 public:
  LogStream(std::shared_ptr<LogBuffer> buffer, std::unique_ptr<nodeproxy::StreamHandle> handle)
      : buffer_(std::move(buffer)), handle_(std::move(handle)) {}
  ~LogStream() override;

  State Pull(std::string* out, size_t max) override { return buffer_->Pull(out, max); }
  void OnReady(std::function<void()> wake) override { buffer_->OnReady(std::move(wake)); }

 private:
  const std::shared_ptr<LogBuffer> buffer_;
  std::unique_ptr<nodeproxy::StreamHandle> handle_;
};

}  // namespace gantry::apiserver
