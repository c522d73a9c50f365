#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tests/bench/load/closed_loop.h"

namespace gantry::bench {

// What a request was, by its answer.
enum class Outcome { kCounted, kHelper, kConflict, kFailed };

// The requests of one connection. One thread uses it.
class Script {
 public:
  virtual ~Script() = default;
  // The next request, whole; valid until the next call.
  virtual std::string_view Next() = 0;
  // The answer to the last one. `body` is its beginning, at most kBodyKept bytes.
  virtual Outcome OnAnswer(int status, std::string_view body) = 0;
  // Whether OnAnswer wants a body.
  virtual bool wants_body() const { return false; }

  static constexpr size_t kBodyKept = 4096;
};

// The ConfigMap of about 1.3 KB that all modes write. `extra` goes into metadata, as `"uid":"x",`.
std::string ConfigMapBody(std::string_view name, std::string_view extra, uint64_t value);

// The script of connection `index` in a mode of LoopOptions. `sequence` is shared by all.
std::unique_ptr<Script> MakeScript(const Server& server, const LoopOptions& options, size_t index,
                                   const std::shared_ptr<uint64_t>& sequence);

}  // namespace gantry::bench
