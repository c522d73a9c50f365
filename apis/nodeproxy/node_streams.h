#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/context.h"
#include "apis/machinery/meta/gvk.h"

// Streams into containers, as the API server asks for them. The Container controller's process
// implements this on the Docker driver; the API server never holds engine credentials.
namespace gantry::nodeproxy {

struct LogOptions {
  bool follow = false;
  bool timestamps = false;
  bool previous = false;  // the instance before the last restart
  std::optional<int64_t> tail_lines;
  std::optional<int64_t> since_seconds;
  std::string since_time;  // RFC 3339; empty: none
};

struct ExecOptions {
  std::vector<std::string> command;  // empty for attach
  bool attach = false;               // to the main process instead of a new one
  bool stdin_ = false;
  bool stdout_ = true;
  bool stderr_ = true;
  bool tty = false;
};

enum class Channel { kStdout, kStderr };

// Receives a stream, from one thread. Calls may block the producer: that is the flow control.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  // False: the receiver is gone, stop.
  virtual bool OnData(Channel channel, std::string_view bytes) = 0;
  // Once, at the end. The exit code for exec; 0 for logs; the error when the stream broke.
  virtual void OnEnd(Result<int> result) = 0;
};

// The sender's side of a running stream; thread-safe. Destruction cancels, and waits until the sink
// is not called any more.
class StreamHandle {
 public:
  virtual ~StreamHandle() = default;
  virtual Status WriteStdin(std::string_view bytes) = 0;
  virtual void CloseStdin() = 0;
  virtual Status Resize(int width, int height) = 0;
};

// Thread-safe. `container` is the key of a gantry.dev Container. kNotFound when it has no running
// (for logs: no created) container, kUnavailable when its node is not reachable.
class NodeStreams {
 public:
  virtual ~NodeStreams() = default;
  virtual Result<std::unique_ptr<StreamHandle>> Logs(const Context& ctx, const ObjectKey& container,
                                                     const LogOptions& options,
                                                     std::shared_ptr<StreamSink> sink) = 0;
  virtual Result<std::unique_ptr<StreamHandle>> Exec(const Context& ctx, const ObjectKey& container,
                                                     const ExecOptions& options,
                                                     std::shared_ptr<StreamSink> sink) = 0;
};

}  // namespace gantry::nodeproxy
