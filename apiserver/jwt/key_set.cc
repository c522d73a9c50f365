#include "apiserver/jwt/key_set.h"

#include <cjose/cjose.h>
#include <openssl/err.h>

#include "apis/machinery/meta/object.h"

namespace gantry::apiserver::jwt {
namespace {

// RFC 7515 lets a set have any number; this many cover every rotation.
constexpr size_t kMaxKeys = 64;

using JwsPtr = std::unique_ptr<cjose_jws_t, decltype(&cjose_jws_release)>;
using HeaderPtr = std::unique_ptr<cjose_header_t, decltype(&cjose_header_release)>;

// The library's errors of this thread would be taken for those of its TLS connections.
struct ErrorsCleared {
  ~ErrorsCleared() { ERR_clear_error(); }
};

bool Signed(std::string_view text, const Token& token, const Key& key) {
  const ErrorsCleared at_end;
  cjose_err error{};
  const JwsPtr jws(cjose_jws_import(text.data(), text.size(), &error), &cjose_jws_release);
  if (!jws) return false;
  // The library reads the header by itself: it must have read the same.
  const char* const algorithm =
      cjose_header_get(cjose_jws_get_protected(jws.get()), CJOSE_HDR_ALG, &error);
  return algorithm != nullptr && algorithm == NameOf(token.algorithm) &&
         cjose_jws_verify(jws.get(), key.raw(), &error);
}

}  // namespace

Result<KeySet> KeySet::FromJwks(const Json& document, Algorithms algorithms) {
  const Json& list = GetArray(document, "keys");
  if (list.empty()) return Error(Code::kInvalid, "not a JWKS document with keys");
  std::vector<Key> keys;
  for (const Json& jwk : list) {
    if (!jwk.is_object() || keys.size() == kMaxKeys) continue;
    Result<Key> key = Key::FromJwk(jwk);
    if (key.ok()) keys.push_back(*std::move(key));
  }
  if (keys.empty()) return Error(Code::kInvalid, "no key of the JWKS document verifies tokens");
  return KeySet(std::move(keys), std::move(algorithms));
}

Result<Token> KeySet::Verify(std::string_view text) const {
  GANTRY_TRY_SET(Token token, ParseToken(text));
  if (!algorithms_.contains(token.algorithm)) {
    return Error(Code::kUnauthorized, "token: its algorithm is not accepted");
  }
  bool known = false;
  for (const Key& key : keys_) {
    if (!token.key_id.empty() && !key.id().empty() && key.id() != token.key_id) continue;
    known = true;
    if (key.Fits(token.algorithm) && Signed(text, token, key)) return token;
  }
  if (!known) return Error(Code::kNotFound, "token: signed with a key that is not known");
  return Error(Code::kUnauthorized, "token: invalid signature");
}

Algorithms KeySet::signs() const {
  Algorithms all;
  for (const Key& key : keys_) all.insert(key.signs());
  return all;
}

Json KeySet::ToJwks() const {
  Json keys = Json::array();
  for (const Key& key : keys_) keys.push_back(key.public_jwk());
  return {{"keys", std::move(keys)}};
}

Result<std::string> Sign(const Key& key, const Json& claims) {
  const ErrorsCleared at_end;
  cjose_err error{};
  const HeaderPtr header(cjose_header_new(&error), &cjose_header_release);
  const std::string algorithm(NameOf(key.signs()));
  const std::string payload = DumpJson(claims);
  if (header && cjose_header_set(header.get(), CJOSE_HDR_ALG, algorithm.c_str(), &error) &&
      cjose_header_set(header.get(), CJOSE_HDR_KID, key.id().c_str(), &error)) {
    const JwsPtr jws(
        cjose_jws_sign(key.raw(), header.get(), reinterpret_cast<const uint8_t*>(payload.data()),
                       payload.size(), &error),
        &cjose_jws_release);
    const char* text = nullptr;
    if (jws && cjose_jws_export(jws.get(), &text, &error)) return std::string(text);
  }
  return Error(Code::kInternal, "sign a token: the crypto library failed");
}

}  // namespace gantry::apiserver::jwt
