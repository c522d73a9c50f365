#include "apiserver/jwt/key.h"

#include <cjose/cjose.h>
#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include "apis/machinery/meta/object.h"
#include "apiserver/jwt/base64url.h"

namespace gantry::apiserver::jwt {
namespace {

constexpr size_t kMinModulusBytes = 2048 / 8;
constexpr size_t kMaxModulusBytes = 8192 / 8;
constexpr size_t kMaxExponentBytes = 8;

using PkeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using MemoryPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;

struct Curve {
  const char* name;
  const char* openssl;
  size_t bytes;  // of a coordinate
};
constexpr Curve kCurves[] = {
    {"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}};

Error NoKey(std::string_view why) { return Error(Code::kInvalid, fmt::format("key: {}", why)); }

// A number of the key in base64url, filled up with zeros to `bytes`; empty when it has none.
std::string Number(const EVP_PKEY* key, const char* name, size_t bytes = 0) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return {};
  std::string out(std::max(bytes, static_cast<size_t>(BN_num_bytes(number))), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
  BN_clear_free(number);
  return Base64UrlEncode(out);
}

Result<Json> JwkOfRsa(const EVP_PKEY* key) {
  Json jwk = {{"kty", "RSA"}};
  for (const auto& [field, name] : {std::pair{"n", OSSL_PKEY_PARAM_RSA_N},
                                    {"e", OSSL_PKEY_PARAM_RSA_E},
                                    {"d", OSSL_PKEY_PARAM_RSA_D},
                                    {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
                                    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
                                    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
                                    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
                                    {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}}) {
    if (std::string number = Number(key, name); !number.empty()) jwk[field] = std::move(number);
  }
  return jwk;
}

Result<Json> JwkOfEc(const EVP_PKEY* key) {
  char group[64] = "";
  EVP_PKEY_get_group_name(key, group, sizeof group, nullptr);
  for (const Curve& curve : kCurves) {
    if (std::string_view(group) != curve.openssl) continue;
    Json jwk = {{"kty", "EC"},
                {"crv", curve.name},
                {"x", Number(key, OSSL_PKEY_PARAM_EC_PUB_X, curve.bytes)},
                {"y", Number(key, OSSL_PKEY_PARAM_EC_PUB_Y, curve.bytes)}};
    if (std::string d = Number(key, OSSL_PKEY_PARAM_PRIV_KEY, curve.bytes); !d.empty()) {
      jwk["d"] = std::move(d);
    }
    return jwk;
  }
  return NoKey("its curve must be P-256, P-384 or P-521");
}

// What stays the same whatever file the key is in: a hash of the public key, as Kubernetes has it.
std::string IdOf(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) return {};
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(der, static_cast<size_t>(size), hash);
  OPENSSL_free(der);
  return Base64UrlEncode({reinterpret_cast<const char*>(hash), sizeof hash});
}

PkeyPtr ReadPem(const std::string& pem) {
  const auto memory = [&pem] {
    return MemoryPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  };
  PkeyPtr key(PEM_read_bio_PrivateKey(memory().get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  if (!key) key.reset(PEM_read_bio_PUBKEY(memory().get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return key;
}

// Sizes that are safe and that take a bounded time to verify with.
Status CheckSizes(const Json& jwk) {
  if (GetString(jwk, "kty") != "RSA") return OkStatus();
  const auto modulus = Base64UrlDecode(GetString(jwk, "n"));
  const auto exponent = Base64UrlDecode(GetString(jwk, "e"));
  if (!modulus || !exponent) return NoKey("malformed numbers");
  const size_t bytes =
      modulus->size() - std::min(modulus->find_first_not_of('\0'), modulus->size());
  if (bytes < kMinModulusBytes || bytes > kMaxModulusBytes ||
      exponent->size() > kMaxExponentBytes) {
    return NoKey("an RSA key must have 2048 to 8192 bits");
  }
  return OkStatus();
}

}  // namespace

Result<Key> Key::Import(const Json& jwk) {
  GANTRY_TRY(CheckSizes(jwk));
  const std::string text = DumpJson(jwk);
  cjose_err error{};
  cjose_jwk_t* const raw = cjose_jwk_import(text.data(), text.size(), &error);
  ERR_clear_error();  // the errors of this thread are TLS's
  if (raw == nullptr) return NoKey("malformed or not on its curve");
  Key key;
  key.raw_ = std::shared_ptr<const cjose_jwk_t>(
      raw, [](const cjose_jwk_t* k) { cjose_jwk_release(const_cast<cjose_jwk_t*>(k)); });
  key.type_ = GetString(jwk, "kty");
  key.curve_ = GetString(jwk, "crv");
  key.can_sign_ = jwk.contains("d");
  for (const char* field : {"kty", "crv", "x", "y", "n", "e"}) {
    if (jwk.contains(field)) key.public_[field] = jwk[field];
  }
  return key;
}

Result<Key> Key::FromJwk(const Json& jwk) {
  const std::string type = GetString(jwk, "kty");
  if (type != "RSA" && type != "EC") return NoKey("`kty` must be RSA or EC");
  Json plain = {{"kty", type}};
  for (const char* field : {"crv", "x", "y", "n", "e"}) {
    if (const std::string value = GetString(jwk, field); !value.empty()) plain[field] = value;
  }
  GANTRY_TRY_SET(Key key, Import(plain));
  key.id_ = GetString(jwk, "kid");
  key.only_algorithm_ = GetString(jwk, "alg");
  const std::string use = GetString(jwk, "use");
  key.for_signatures_ = use.empty() || use == "sig";
  return key;
}

Result<Key> Key::FromPem(const std::string& pem) {
  const PkeyPtr pkey = ReadPem(pem);
  if (!pkey) return NoKey("not a PEM key");
  const int type = EVP_PKEY_get_base_id(pkey.get());
  if (type != EVP_PKEY_RSA && type != EVP_PKEY_EC) return NoKey("must be RSA or EC");
  Result<Json> jwk = type == EVP_PKEY_RSA ? JwkOfRsa(pkey.get()) : JwkOfEc(pkey.get());
  std::string id = IdOf(pkey.get());
  ERR_clear_error();
  GANTRY_TRY(jwk);
  GANTRY_TRY_SET(Key key, Import(*jwk));
  key.id_ = std::move(id);
  key.public_["kid"] = key.id_;
  key.public_["use"] = "sig";
  key.public_["alg"] = NameOf(key.signs());
  return key;
}

bool Key::Fits(Algorithm algorithm) const {
  return for_signatures_ && type_ == KeyTypeOf(algorithm) && curve_ == CurveOf(algorithm) &&
         (only_algorithm_.empty() || only_algorithm_ == NameOf(algorithm));
}

Algorithm Key::signs() const {
  for (const Algorithm algorithm : AllAlgorithms()) {
    if (Fits(algorithm)) return algorithm;
  }
  return Algorithm::kEs256;  // not reached: Import takes no other keys
}

Result<std::string> MakeKeyPem() {
  const PkeyPtr key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const MemoryPtr out(BIO_new(BIO_s_mem()), &BIO_free);
  const bool made = key && out &&
                    PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0,
                                                  nullptr, nullptr) == 1;
  ERR_clear_error();
  if (!made) return Error(Code::kInternal, "make a key: the crypto library failed");
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

}  // namespace gantry::apiserver::jwt
