#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "apis/machinery/base/result.h"
#include "controllers/drivers/docker/types.h"

namespace gantry::docker {

// Takes the engine's multiplexed output apart: an 8-byte header (channel, three zeros, length in
// big-endian) before each frame, both of which may be split anywhere. Not thread-safe.
class FrameParser {
 public:
  // `raw`: the output of a terminal, without headers.
  explicit FrameParser(bool raw) : raw_(raw) {}

  // kInternal when the bytes are no frames, or carry an error of the daemon.
  Status Feed(std::string_view bytes);
  // Moves the next piece out; a long frame comes in several. Empty when more bytes are needed.
  std::optional<OutputFrame> Next();

 private:
  Status StartFrame();

  const bool raw_;
  std::string header_;
  int channel_ = 0;
  uint64_t left_ = 0;         // of the frame's bytes
  std::string daemon_error_;  // collected from channel 3
  std::deque<OutputFrame> ready_;
};

}  // namespace gantry::docker
