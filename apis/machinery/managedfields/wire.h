#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "apis/machinery/base/result.h"

// Numbers and texts of the binary form: varints of 7 bits, low ones first; texts after their
// length.
namespace gantry::managedfields::wire {

constexpr uint64_t kVersion = 1;  // the first number of the encoded entries of an object

inline Error Corrupt() { return Error(Code::kDataLoss, "managed fields do not decode"); }

inline void PutVarint(uint64_t value, std::string* out) {
  while (value >= 0x80) {
    *out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out += static_cast<char>(value);
}

inline void PutText(std::string_view text, std::string* out) {
  PutVarint(text.size(), out);
  *out += text;
}

inline Status TakeVarint(std::string_view* bytes, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (bytes->empty()) return Corrupt();
    const auto byte = static_cast<unsigned char>(bytes->front());
    bytes->remove_prefix(1);
    *value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return OkStatus();
  }
  return Corrupt();
}

// `text` stays a view into the bytes.
inline Status TakeText(std::string_view* bytes, std::string_view* text) {
  uint64_t size = 0;
  GANTRY_TRY(TakeVarint(bytes, &size));
  if (size > bytes->size()) return Corrupt();
  *text = bytes->substr(0, size);
  bytes->remove_prefix(size);
  return OkStatus();
}

}  // namespace gantry::managedfields::wire
