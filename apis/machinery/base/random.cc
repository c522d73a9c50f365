#include "apis/machinery/base/random.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <cerrno>

#include "apis/machinery/base/check.h"
#include "apis/machinery/base/mutex.h"

namespace gantry {
namespace {

// Draws from the kernel 4 KiB at a time: one system call for 512 numbers.
class KernelRandom : public Random {
 public:
  uint64_t Next() override {
    MutexLock lock(&mu_);
    if (used_ == kWords) {
      size_t got = 0;
      while (got < sizeof(words_)) {
        const ssize_t n = getrandom(reinterpret_cast<char*>(words_) + got, sizeof(words_) - got, 0);
        GANTRY_CHECK(n > 0 || errno == EINTR);
        if (n > 0) got += static_cast<size_t>(n);
      }
      used_ = 0;
    }
    const uint64_t word = words_[used_];
    words_[used_++] = 0;
    return word;
  }

 private:
  static constexpr size_t kWords = 512;
  Mutex mu_;
  uint64_t words_[kWords] GUARDED_BY(mu_) = {};
  size_t used_ GUARDED_BY(mu_) = kWords;
};

}  // namespace

Random* Random::Real() {
  static KernelRandom* const random = new KernelRandom;
  return random;
}

std::string NewUuid(Random* random) {
  const uint64_t a = random->Next();
  const uint64_t b = random->Next();
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "00000000-0000-4000-0000-000000000000";
  const auto put = [&out](size_t end, size_t count, uint64_t bits) {
    for (; count > 0; --count, bits >>= 4) out[--end] = kDigits[bits & 15];
  };
  put(8, 8, a >> 32);
  put(13, 4, a >> 16);
  put(18, 3, a);
  put(23, 4, 0x8000 | ((b >> 48) & 0x3fff));
  put(36, 12, b);
  return out;
}

std::string RandomSuffix(Random* random, size_t length) {
  static constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::string out;
  for (size_t i = 0; i < length; ++i) out.push_back(kAlphabet[random->Next() % kAlphabet.size()]);
  return out;
}

std::string RandomHex(Random* random, size_t bytes) {
  std::string out;
  for (size_t i = 0; i < bytes; ++i) out += fmt::format("{:02x}", random->Next() & 0xff);
  return out;
}

}  // namespace gantry
