#include "controllers/drivers/docker/json_stream.h"

namespace gantry::docker {

Result<std::optional<Json>> JsonStreamParser::Next() {
  while (scanned_ < buffer_.size()) {
    const char c = buffer_[scanned_];
    if (depth_ == 0 && c != '{') {
      // Between documents only white space and record separators may stand.
      if (c != ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\x1e') {
        return Error(Code::kInternal, "the engine's stream is not JSON");
      }
      buffer_.erase(0, 1);
      continue;
    }
    ++scanned_;
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
      continue;
    }
    if (c == '"') {
      in_string_ = true;
    } else if (c == '{') {
      ++depth_;
    } else if (c == '}' && --depth_ == 0) {
      auto json = ParseJson(std::string_view(buffer_).substr(0, scanned_));
      buffer_.erase(0, scanned_);
      scanned_ = 0;
      if (!json.ok()) return Error(Code::kInternal, json.error().message);
      return std::optional<Json>(*std::move(json));
    }
  }
  return std::optional<Json>();
}

}  // namespace gantry::docker
