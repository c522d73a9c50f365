#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "apis/machinery/base/json.h"
#include "apis/machinery/base/result.h"
#include "apiserver/jwt/algorithm.h"

typedef struct _cjose_jwk_int cjose_jwk_t;

namespace gantry::apiserver::jwt {

// A key that verifies tokens: RSA of 2048 to 8192 bits, or EC on P-256, P-384 or P-521; one with
// its private part signs, too. A value; immutable, thread-safe.
class Key {
 public:
  // A public key as JWKS documents have it; a private part in it is left out. kInvalid when it is
  // no key, or none of those above.
  static Result<Key> FromJwk(const Json& jwk);
  // A public or private key in PEM; its id is a hash of the public key. kInvalid.
  static Result<Key> FromPem(const std::string& pem);

  const std::string& id() const { return id_; }  // empty: it has none
  bool can_sign() const { return can_sign_; }
  // Whether the key is of the algorithm's sort and not set apart for another use.
  bool Fits(Algorithm algorithm) const;
  // The algorithm that the key signs with.
  Algorithm signs() const;
  // The public key, as JWKS documents have it.
  const Json& public_jwk() const { return public_; }

  // The library's own; never null.
  const cjose_jwk_t* raw() const { return raw_.get(); }

 private:
  Key() = default;
  // `jwk` has what the library reads, and nothing else.
  static Result<Key> Import(const Json& jwk);

  std::shared_ptr<const cjose_jwk_t> raw_;
  std::string id_;
  std::string type_;
  std::string curve_;
  std::string only_algorithm_;  // `alg`; empty: all
  bool for_signatures_ = true;
  bool can_sign_ = false;
  Json public_;
};

// A new private key on P-256, in PEM.
Result<std::string> MakeKeyPem();

}  // namespace gantry::apiserver::jwt
