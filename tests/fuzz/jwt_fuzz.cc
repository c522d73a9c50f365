#include <openssl/err.h>

#include "apis/machinery/meta/object.h"
#include "apiserver/jwt/base64url.h"
#include "apiserver/jwt/key_set.h"
#include "tests/fuzz/check.h"

namespace {

using gantry::Json;
using gantry::fuzz::Require;
namespace jwt = gantry::apiserver::jwt;

const jwt::Key& Signer() {
  static const auto* const key = new jwt::Key(*jwt::Key::FromPem(*jwt::MakeKeyPem()));
  return *key;
}

const jwt::KeySet& Trusted() {
  static const auto* const keys = new jwt::KeySet({Signer()}, jwt::AllAlgorithms());
  return *keys;
}

// Nobody but the key's owner, who signs nothing that comes from here, makes a token that counts.
void CheckToken(const std::string& text) {
  const auto token = jwt::ParseToken(text);
  if (token.ok()) Require(token->claims.is_object(), "claims are an object", text);
  Require(!Trusted().Verify(text).ok(), "what was not signed is not verified", text);
  if (const auto bytes = jwt::Base64UrlDecode(text)) {
    Require(jwt::Base64UrlDecode(jwt::Base64UrlEncode(*bytes)) == bytes, "base64url is read back");
  }
}

// Whatever keys an issuer publishes, reading them is safe, and so is asking them.
void CheckKeys(const std::string& text, const std::string& signed_text) {
  const auto document = gantry::ParseJson(text);
  if (!document.ok()) return;
  const auto keys = jwt::KeySet::FromJwks(*document, jwt::AllAlgorithms());
  if (!keys.ok()) return;
  Require(!keys->Verify(signed_text).ok(), "a stranger's keys verify nothing of ours", text);
}

// What is signed is verified, and no part of it can be another.
void CheckSigned(const std::string& text, size_t at) {
  const std::string token =
      *jwt::Sign(Signer(), {{"sub", gantry::apiserver::jwt::Base64UrlEncode(text)}});
  if (token.size() > jwt::kMaxTokenBytes) return;
  Require(Trusted().Verify(token).ok(), "what was signed is verified", token);
  std::string changed = token.substr(0, token.rfind('.'));
  at %= changed.size();
  changed[at] = changed[at] == 'A' ? 'B' : 'A';
  if (changed[at] == token[at]) return;
  changed += token.substr(token.rfind('.'));
  Require(!Trusted().Verify(changed).ok(), "what was changed is not verified", changed);
}

}  // namespace

// Tokens and keys as strangers send them.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string ours = *jwt::Sign(Signer(), {{"sub", "ann"}});
  const std::string text(gantry::fuzz::AsText(data, size));
  CheckToken(text);
  // Header and claims in the clear reach further than their base64url does.
  if (const size_t cut = text.find('\n'); cut != text.npos) {
    CheckToken(jwt::Base64UrlEncode(text.substr(0, cut)) + "." +
               jwt::Base64UrlEncode(text.substr(cut + 1)) + ours.substr(ours.rfind('.')));
  }
  CheckKeys(text, ours);
  CheckSigned(text, size == 0 ? 0 : data[0] * size);
  Require(ERR_peek_error() == 0, "no errors are left for TLS to find", text);
  return 0;
}
