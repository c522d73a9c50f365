#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace gantry::apiserver {

// Compresses a body piece by piece (zlib, level 1: the point is the network, not the last byte).
// Holds about 270 KiB. Not thread-safe.
class Gzip {
 public:
  Gzip();
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  // Appends to `out` what comes out of `bytes`; with `last`, also the end. Nothing follows `last`.
  void Add(std::string_view bytes, bool last, std::string* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gantry::apiserver
