#include "apiserver/jwt/verified.h"

#include <openssl/sha.h>

#include <cstring>

namespace gantry::apiserver::jwt {

size_t VerifiedTokens::ByPrefix::operator()(const Digest& digest) const {
  size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

VerifiedTokens::Digest VerifiedTokens::DigestOf(std::string_view text) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

std::shared_ptr<const Token> VerifiedTokens::Find(std::string_view text, const KeySet* keys) {
  const Digest digest = DigestOf(text);
  MutexLock lock(&mu_);
  return FindLocked(digest, keys);
}

Result<std::shared_ptr<const Token>> VerifiedTokens::Verify(
    std::string_view text, const std::shared_ptr<const KeySet>& keys) {
  if (auto token = Find(text, keys.get())) return token;
  GANTRY_TRY_SET(Token token, keys->Verify(text));
  const auto kept = std::make_shared<const Token>(std::move(token));
  MutexLock lock(&mu_);
  PutLocked(DigestOf(text), {keys, kept, text.size()});
  return kept;
}

std::shared_ptr<const Token> VerifiedTokens::FindLocked(const Digest& digest, const KeySet* keys) {
  if (const auto it = young_.find(digest); it != young_.end()) {
    return it->second.keys.get() == keys ? it->second.token : nullptr;
  }
  const auto it = old_.find(digest);
  if (it == old_.end() || it->second.keys.get() != keys) return nullptr;
  const Verified verified = it->second;
  PutLocked(digest, verified);
  return verified.token;
}

void VerifiedTokens::PutLocked(const Digest& digest, Verified verified) {
  if (young_bytes_ + verified.bytes > max_bytes_ / 2) {
    old_ = std::move(young_);
    young_.clear();
    young_bytes_ = 0;
  }
  young_bytes_ += verified.bytes;
  young_.insert_or_assign(digest, std::move(verified));
}

}  // namespace gantry::apiserver::jwt
