#pragma once

#include "apis/nodeproxy/node_streams.h"
#include "apiserver/endpoints/body_pipe.h"

namespace gantry::apiserver {

// A container's output, both channels as one text, on its way to a body. Thread-safe.
class LogBuffer : public nodeproxy::StreamSink {
 public:
  bool OnData(nodeproxy::Channel, std::string_view bytes) override { return pipe_.Write(bytes); }
  void OnEnd(Result<int> result) override;
  BodyPipe& pipe() { return pipe_; }

 private:
  BodyPipe pipe_;
};

// The body of `containers/log`.
class LogStream : public BodyStream {
 public:
  LogStream(std::shared_ptr<LogBuffer> buffer, std::unique_ptr<nodeproxy::StreamHandle> handle)
      : buffer_(std::move(buffer)), handle_(std::move(handle)) {}
  ~LogStream() override;

  State Pull(std::string* out, size_t max) override { return buffer_->pipe().Pull(out, max); }
  void OnReady(std::function<void()> wake) override { buffer_->pipe().OnReady(std::move(wake)); }

 private:
  const std::shared_ptr<LogBuffer> buffer_;
  std::unique_ptr<nodeproxy::StreamHandle> handle_;
};

}  // namespace gantry::apiserver
