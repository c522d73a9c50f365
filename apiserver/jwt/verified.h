#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "apis/machinery/base/mutex.h"
#include "apiserver/jwt/key_set.h"

namespace gantry::apiserver::jwt {

// Remembers signatures that were found good, so that a client that sends its token with each
// request costs one verification. Keeps hashes of tokens and what they say, of at most so many
// bytes of tokens; those that are not asked for go first. Thread-safe.
class VerifiedTokens {
 public:
  explicit VerifiedTokens(size_t max_bytes = 4 << 20) : max_bytes_(max_bytes) {}

  // As keys->Verify. What other keys verified does not count.
  Result<std::shared_ptr<const Token>> Verify(std::string_view text,
                                              const std::shared_ptr<const KeySet>& keys);
  // The same for a token that `keys` verified before; null when that is not known.
  std::shared_ptr<const Token> Find(std::string_view text, const KeySet* keys);

 private:
  using Digest = std::array<unsigned char, 32>;
  struct ByPrefix {  // a digest is as good a hash as any
    size_t operator()(const Digest& digest) const;
  };
  struct Verified {
    std::shared_ptr<const KeySet> keys;
    std::shared_ptr<const Token> token;
    size_t bytes;
  };
  using Generation = std::unordered_map<Digest, Verified, ByPrefix>;

  static Digest DigestOf(std::string_view text);
  std::shared_ptr<const Token> FindLocked(const Digest& digest, const KeySet* keys) REQUIRES(mu_);
  void PutLocked(const Digest& digest, Verified verified) REQUIRES(mu_);

  const size_t max_bytes_;
  Mutex mu_;
  // When the young ones are half of what there may be they become the old ones, which go.
  Generation young_ GUARDED_BY(mu_);
  size_t young_bytes_ GUARDED_BY(mu_) = 0;
  Generation old_ GUARDED_BY(mu_);
};

}  // namespace gantry::apiserver::jwt
