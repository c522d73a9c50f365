#pragma once

#include <string>
#include <string_view>

#include "apis/machinery/base/json.h"

namespace gantry::docker {

// Cuts a stream of JSON objects into documents. They may stand on lines of their own (ndjson), be
// led by RS (json-seq) or follow each other directly, and may be split anywhere. Not thread-safe.
class JsonStreamParser {
 public:
  void Feed(std::string_view bytes) { buffer_.append(bytes); }
  // The next whole document; empty when more bytes are needed; kInternal when it is not JSON.
  Result<std::optional<Json>> Next();

 private:
  std::string buffer_;
  size_t scanned_ = 0;  // how far the state below has come
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

}  // namespace gantry::docker
