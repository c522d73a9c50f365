#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "apiserver/http/handler.h"
#include "apiserver/storage/ready_signal.h"

namespace gantry::apiserver {

// Between a producer that may block and a body that is pulled. Holds about 256 KiB. Thread-safe.
class BodyPipe {
 public:
  // Blocks while the pipe is full. False: the reader is gone, and nobody wants more.
  bool Write(std::string_view bytes);
  // Nothing comes after `last`, which is taken even when the pipe is full.
  void End(std::string_view last = {});

  // The reader's side, as BodyStream's.
  BodyStream::State Pull(std::string* out, size_t max);
  void OnReady(std::function<void()> wake);
  // The reader is gone: producers stop.
  void Close();

 private:
  ReadySignal signal_;
  Mutex mu_;
  CondVar drained_;
  std::string bytes_ GUARDED_BY(mu_);
  bool ended_ GUARDED_BY(mu_) = false;
  bool closed_ GUARDED_BY(mu_) = false;
};

// The body of an answer that is what a producer writes into `pipe`; closes it at the end.
class PipeStream : public BodyStream {
 public:
  explicit PipeStream(std::shared_ptr<BodyPipe> pipe) : pipe_(std::move(pipe)) {}
  ~PipeStream() override { pipe_->Close(); }
  State Pull(std::string* out, size_t max) override { return pipe_->Pull(out, max); }
  void OnReady(std::function<void()> wake) override { pipe_->OnReady(std::move(wake)); }

 private:
  const std::shared_ptr<BodyPipe> pipe_;
};

}  // namespace gantry::apiserver
