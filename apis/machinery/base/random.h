#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Ids and chance as an interface, so that tests can repeat them.
namespace gantry {

// Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t Next() = 0;
  // Cryptographically strong, from the kernel. Lives for ever.
  static Random* Real();
};

// A version-4 UUID in its text form.
std::string NewUuid(Random* random);
// `length` characters of Kubernetes' name alphabet (no vowels, no look-alikes).
std::string RandomSuffix(Random* random, size_t length);
// `bytes` random bytes as lower-case hex.
std::string RandomHex(Random* random, size_t bytes);

}  // namespace gantry
