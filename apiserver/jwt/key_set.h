#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apiserver/jwt/key.h"
#include "apiserver/jwt/token.h"

namespace gantry::apiserver::jwt {

// Keys of one issuer. Immutable, thread-safe; verifying takes about 100 microseconds of CPU.
class KeySet {
 public:
  // Tokens may be signed with `algorithms` alone.
  KeySet(std::vector<Key> keys, Algorithms algorithms)
      : keys_(std::move(keys)), algorithms_(std::move(algorithms)) {}
  // A JWKS document. Keys that cannot verify tokens (other kinds, other uses) are left out;
  // kInvalid when it is no such document, or none is left.
  static Result<KeySet> FromJwks(const Json& document, Algorithms algorithms);

  // The token, if one of the keys signed it. Says nothing of who it is for and how long it counts.
  // kBadRequest when it is no token, kNotFound when no key has its id, kUnauthorized otherwise.
  Result<Token> Verify(std::string_view text) const;

  // What tokens of these keys are signed with.
  Algorithms signs() const;
  // The public keys as a JWKS document.
  Json ToJwks() const;

 private:
  std::vector<Key> keys_;
  Algorithms algorithms_;
};

// A token with these claims. REQUIRES: key.can_sign().
Result<std::string> Sign(const Key& key, const Json& claims);

}  // namespace gantry::apiserver::jwt
