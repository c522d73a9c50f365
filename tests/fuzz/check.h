#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apis/machinery/base/json.h"

// What the fuzzers share.
namespace gantry::fuzz {

// Ends the process, which libFuzzer takes for a finding, unless `holds`. The texts are printed:
// what was promised, and what was seen instead.
template <typename... Texts>
void Require(bool holds, std::string_view promise, const Texts&... texts) {
  if (holds) return;
  const auto print = [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fputc('\n', stderr);
  };
  print("broken promise:");
  print(promise);
  (print(texts), ...);
  std::abort();
}

inline std::string_view AsText(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// The lines of an input that has several parts.
inline std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    out.push_back(line);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return out;
}

}  // namespace gantry::fuzz
