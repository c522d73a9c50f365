#include "apiserver/endpoints/log_stream.h"

namespace gantry::apiserver {

void LogBuffer::OnEnd(Result<int> result) {
  // The status went out with the first byte, so the reader sees the reason as the last line.
  const bool failed = !result.ok() && result.code() != Code::kCancelled;
  pipe_.End(failed ? "error: " + result.error().message + "\n" : "");
}

LogStream::~LogStream() {
  buffer_->pipe().Close();  // first: a producer that waits for room must leave
  handle_.reset();
}

}  // namespace gantry::apiserver
