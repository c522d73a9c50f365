#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apis/machinery/base/random.h"
#include "apis/machinery/base/result.h"

// One key, and what it makes of a value. A sealed value is
//
//   "\x01seal" | 1 | fingerprint (8) | length of the name, name | seed (32) | AES-256-GCM | tag
//   (16)
//
// Each value has a data key and nonce of its own: HMAC-SHA-512 of the fresh random seed under the
// key, so that no number of writes wears a key out. What stands before the ciphertext and the store
// key are authenticated: a value that was moved to another key does not open.
// A value that is stored as it is and happens to look sealed has "\x01seal" | 0 before it.
namespace gantry::store {

// At most so many bytes are added to a value.
inline constexpr size_t kMaxSealBytes = 5 + 1 + 8 + 1 + 255 + 32 + 16;

// Who sealed a value.
struct SealedBy {
  std::string name;
  std::string fingerprint;  // 16 hex digits; tells keys apart and says nothing about them
};
// `key "old" (fingerprint 0123456789abcdef)`.
std::string DescribeKey(const SealedBy& key);

// Immutable, thread-safe.
class SealingKey {
 public:
  // kInvalid unless `secret` has 16, 24 or 32 bytes and `name` 1 to 255.
  static Result<SealingKey> Make(std::string name, std::string secret);

  const SealedBy& id() const { return id_; }
  Result<std::string> Seal(std::string_view store_key, std::string_view value,
                           Random* random) const;
  // kDataLoss when this key did not seal these bytes for `store_key`.
  Result<std::string> Open(std::string_view store_key, std::string_view sealed) const;

 private:
  SealingKey(std::string name, std::string secret);

  std::string secret_;
  SealedBy id_;
};

// Whether the bytes have a header of the form above.
bool HasSealHeader(std::string_view value);
// Who sealed a value with such a header; nothing when it is stored as it is. kDataLoss when the
// header is damaged or of a later version.
Result<std::optional<SealedBy>> ReadSealHeader(std::string_view value);

// A value to be stored as it is, and back.
std::string WrapPlain(std::string_view value);
std::string_view UnwrapPlain(std::string_view wrapped);

}  // namespace gantry::store
