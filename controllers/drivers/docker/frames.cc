#include "controllers/drivers/docker/frames.h"

namespace gantry::docker {
namespace {
constexpr size_t kHeaderSize = 8;
constexpr int kStderrChannel = 2;
constexpr int kDaemonErrorChannel = 3;
}  // namespace

Status FrameParser::StartFrame() {
  const auto byte = [this](size_t i) { return static_cast<unsigned char>(header_[i]); };
  if (byte(0) > kDaemonErrorChannel || byte(1) != 0 || byte(2) != 0 || byte(3) != 0) {
    return Error(Code::kInternal, "malformed frame in the engine's output");
  }
  channel_ = byte(0);
  left_ =
      (uint64_t{byte(4)} << 24) | (uint64_t{byte(5)} << 16) | (uint64_t{byte(6)} << 8) | byte(7);
  if (left_ == 0) header_.clear();
  return OkStatus();
}

Status FrameParser::Feed(std::string_view bytes) {
  if (raw_) {
    if (!bytes.empty()) ready_.push_back({OutputChannel::kStdout, std::string(bytes)});
    return OkStatus();
  }
  while (!bytes.empty()) {
    if (header_.size() < kHeaderSize) {
      const size_t n = std::min(kHeaderSize - header_.size(), bytes.size());
      header_.append(bytes.substr(0, n));
      bytes.remove_prefix(n);
      if (header_.size() == kHeaderSize) GANTRY_TRY(StartFrame());
      continue;
    }
    const size_t n = std::min<uint64_t>(left_, bytes.size());
    const std::string_view piece = bytes.substr(0, n);
    bytes.remove_prefix(n);
    left_ -= n;
    if (left_ == 0) header_.clear();
    if (channel_ == kDaemonErrorChannel) {
      daemon_error_.append(piece);
      if (left_ == 0) return Error(Code::kInternal, std::exchange(daemon_error_, {}));
      continue;
    }
    // Channel 0 is the echo of the input, which belongs to the output.
    ready_.push_back({channel_ == kStderrChannel ? OutputChannel::kStderr : OutputChannel::kStdout,
                      std::string(piece)});
  }
  return OkStatus();
}

std::optional<OutputFrame> FrameParser::Next() {
  if (ready_.empty()) return std::nullopt;
  OutputFrame frame = std::move(ready_.front());
  ready_.pop_front();
  return frame;
}

}  // namespace gantry::docker
