#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include "apiserver/jwt/base64url.h"
#include "apiserver/jwt/claims.h"
#include "apiserver/jwt/verified.h"
#include "tests/apiserver/jwt/keys.h"

namespace gantry::apiserver::jwt {
namespace {

using testing::MakePem;
using testing::PublicPem;
using testing::SignByHand;
using testing::SignWithSecret;

constexpr char kPayload[] = R"({"sub":"ann"})";

std::string HeaderOf(const std::string& algorithm, const std::string& more = "") {
  return R"({"alg":")" + algorithm + "\"" + more + "}";
}

KeySet Only(const std::string& pem, const Algorithms& algorithms = AllAlgorithms()) {
  return KeySet({*Key::FromPem(pem)}, algorithms);
}

// The key as an issuer publishes it, without an id.
Json Published(const std::string& pem) {
  Json jwk = (*Key::FromPem(PublicPem(pem))).public_jwk();
  for (const char* field : {"kid", "alg", "use"}) jwk.erase(field);
  return jwk;
}

struct Case {
  const char* algorithm;
  const char* key;
};

TEST(Jwt, WhatOpenSslSignedIsVerified) {
  for (const auto& [algorithm, kind] : {Case{"RS256", "RSA-2048"},
                                        {"RS384", "RSA-2048"},
                                        {"RS512", "RSA-2048"},
                                        {"PS256", "RSA-2048"},
                                        {"PS384", "RSA-2048"},
                                        {"PS512", "RSA-2048"},
                                        {"ES256", "P-256"},
                                        {"ES384", "P-384"},
                                        {"ES512", "P-521"}}) {
    const std::string pem = MakePem(kind);
    const std::string token = SignByHand(HeaderOf(algorithm), kPayload, algorithm, pem);
    const auto set = KeySet::FromJwks({{"keys", {Published(pem)}}}, AllAlgorithms());
    ASSERT_TRUE(set.ok()) << algorithm;
    const auto verified = set->Verify(token);
    ASSERT_TRUE(verified.ok()) << algorithm << ": " << verified.error().message;
    EXPECT_EQ(verified->claims["sub"], "ann");
    EXPECT_EQ(Only(MakePem(kind)).Verify(token).code(), Code::kUnauthorized) << algorithm;
  }
}

TEST(Jwt, WhatWasSignedHereIsVerifiedAndNothingElse) {
  for (const char* kind : {"P-256", "P-384", "P-521", "RSA-2048"}) {
    const std::string pem = MakePem(kind);
    const std::string token = *Sign(*Key::FromPem(pem), {{"sub", "ann"}});
    EXPECT_TRUE(Only(PublicPem(pem)).Verify(token).ok()) << kind;
    for (const size_t at : {token.find('.') + 3, token.rfind('.') + 5}) {
      std::string forged = token;
      forged[at] = forged[at] == 'A' ? 'B' : 'A';
      EXPECT_FALSE(Only(pem).Verify(forged).ok()) << kind << " " << at;
    }
  }
  EXPECT_EQ(ERR_peek_error(), 0u) << "errors are left for TLS to find";
}

// The old attacks: no signature, and the public key taken for a shared secret.
TEST(Jwt, AlgorithmsAreNotConfused) {
  const std::string rsa = MakePem("RSA-2048");
  const std::string ec = MakePem("P-256");
  const KeySet both({*Key::FromPem(rsa), *Key::FromPem(ec)}, AllAlgorithms());
  const std::string unsigned_parts =
      Base64UrlEncode(HeaderOf("none")) + "." + Base64UrlEncode(kPayload) + ".";
  std::vector<std::string> tokens = {
      unsigned_parts,
      unsigned_parts + "AAAA",
      SignByHand(HeaderOf("none"), kPayload, "RS256", rsa),
      SignByHand(HeaderOf("None"), kPayload, "RS256", rsa),
      // Signed well, but not as the header says.
      SignByHand(HeaderOf("PS256"), kPayload, "RS256", rsa),
      SignByHand(HeaderOf("RS512"), kPayload, "RS256", rsa),
      SignByHand(HeaderOf("ES384"), kPayload, "ES256", ec),
      SignByHand(HeaderOf("RS256"), kPayload, "ES256", ec),
      // What another reader of JSON may take differently.
      SignByHand(R"({"alg":"none","alg":"ES256"})", kPayload, "ES256", ec),
      SignByHand(HeaderOf("ES256"), R"({"sub":"bob","sub":"ann"})", "ES256", ec),
      SignByHand(HeaderOf("ES256", R"(,"crit":["exp"])"), kPayload, "ES256", ec),
      SignByHand(HeaderOf("ES256", R"(,"b64":false)"), kPayload, "ES256", ec),
  };
  for (const std::string& pem : {PublicPem(rsa), rsa, PublicPem(ec)}) {
    tokens.push_back(SignWithSecret(HeaderOf("HS256"), kPayload, pem));
    tokens.push_back(SignWithSecret(HeaderOf("RS256"), kPayload, pem));
  }
  for (const std::string& token : tokens) {
    const auto verified = both.Verify(token);
    ASSERT_FALSE(verified.ok()) << token;
    EXPECT_EQ(verified.code(), Code::kUnauthorized) << verified.error().message << token;
  }
  EXPECT_TRUE(both.Verify(SignByHand(HeaderOf("ES256"), kPayload, "ES256", ec)).ok());
  EXPECT_EQ(Only(rsa, {Algorithm::kRs256})
                .Verify(SignByHand(HeaderOf("RS512"), kPayload, "RS512", rsa))
                .code(),
            Code::kUnauthorized);
}

TEST(Jwt, AKeyInTheTokenCountsForNothing) {
  const std::string own = MakePem("P-256");
  const std::string attacker = MakePem("P-256");
  const std::string header =
      HeaderOf("ES256", R"(,"jwk":)" + Published(attacker).dump() + R"(,"jku":"https://evil/")");
  EXPECT_FALSE(Only(own).Verify(SignByHand(header, kPayload, "ES256", attacker)).ok());
}

TEST(Jwt, KeysAreChosenByTheirId) {
  const std::string one = MakePem("P-256");
  const std::string two = MakePem("P-256");
  Json a = Published(one), b = Published(two);
  a["kid"] = "a";
  b["kid"] = "b";
  const KeySet set = *KeySet::FromJwks({{"keys", {a, b}}}, AllAlgorithms());
  const auto with = [&](const char* kid, const std::string& pem) {
    return set.Verify(SignByHand(HeaderOf("ES256", std::string(R"(,"kid":")") + kid + "\""),
                                 kPayload, "ES256", pem));
  };
  EXPECT_TRUE(with("b", two).ok());
  EXPECT_EQ(with("a", two).code(), Code::kUnauthorized);
  EXPECT_EQ(with("c", two).code(), Code::kNotFound);
  EXPECT_TRUE(set.Verify(SignByHand(HeaderOf("ES256"), kPayload, "ES256", two)).ok());
}

TEST(Jwt, KeysForOtherUsesAreLeftOut) {
  const std::string pem = MakePem("P-256");
  const std::string token = SignByHand(HeaderOf("ES256"), kPayload, "ES256", pem);
  for (const auto& [field, value] : {std::pair{"use", "enc"}, {"alg", "ES384"}}) {
    Json jwk = Published(pem);
    jwk[field] = value;
    EXPECT_FALSE(KeySet::FromJwks({{"keys", {jwk}}}, AllAlgorithms())->Verify(token).ok()) << field;
  }
  for (const char* kind : {"RSA-1024", "secp256k1", "ED25519"}) {
    EXPECT_FALSE(Key::FromPem(MakePem(kind)).ok()) << kind;
  }
  const Json off_curve = {{"kty", "EC"}, {"crv", "P-256"}, {"x", "AQ"}, {"y", "AQ"}};
  const Json secret = {{"kty", "oct"}, {"k", "c2VjcmV0"}};
  for (const Json& jwk : {off_curve, secret, Json::object(), Json("key")}) {
    EXPECT_FALSE(KeySet::FromJwks({{"keys", {jwk}}}, AllAlgorithms()).ok()) << jwk;
  }
  for (const Json& document : {Json(), Json::array(), Json{{"keys", Json::array()}}}) {
    EXPECT_FALSE(KeySet::FromJwks(document, AllAlgorithms()).ok()) << document;
  }
}

TEST(Jwt, OtherTextsAreNoTokens) {
  const std::string token = SignByHand(HeaderOf("ES256"), kPayload, "ES256", MakePem("P-256"));
  for (const std::string& text :
       {std::string(), std::string("abc"), std::string(".."), std::string("a.b.c"), "." + token,
        token + ".x", token + "=", token + "\n", std::string("e30.e30"),
        Base64UrlEncode("[]") + "." + Base64UrlEncode("{}") + ".AAAA",
        std::string(kMaxTokenBytes + 1, 'a')}) {
    EXPECT_EQ(ParseToken(text).code(), Code::kBadRequest) << text.substr(0, 80);
  }
}

TEST(Jwt, SignaturesAreRememberedForTheirKeys) {
  const std::string pem = MakePem("P-256");
  const auto keys = std::make_shared<const KeySet>(Only(pem));
  const auto others = std::make_shared<const KeySet>(Only(MakePem("P-256")));
  const auto sign = [&](int n) { return *Sign(*Key::FromPem(pem), {{"n", n}}); };
  const std::string token = sign(0);
  VerifiedTokens verified(4 * token.size());
  const auto first = verified.Verify(token, keys);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ((*verified.Verify(token, keys)).get(), first->get()) << "not verified again";
  EXPECT_FALSE(verified.Verify(token, others).ok());
  for (int i = 1; i < 20; ++i) {
    EXPECT_EQ((*verified.Verify(sign(i), keys))->claims["n"], i);
  }
  EXPECT_NE((*verified.Verify(token, keys)).get(), first->get()) << "it was forgotten";
}

TEST(Claims, Times) {
  const WallTime now = *ParseTime("2026-11-22T12:00:00Z");
  const int64_t at =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto leeway = std::chrono::seconds(60);
  const auto ok = [&](const Json& claims) { return CheckTimes(claims, now, leeway).ok(); };
  EXPECT_TRUE(ok({{"exp", at + 1}}));
  EXPECT_TRUE(ok({{"exp", at + 0.5}, {"nbf", at + 60}}));
  EXPECT_TRUE(ok({{"exp", 1e300}, {"nbf", nullptr}}));
  EXPECT_FALSE(ok({{"exp", at}}));
  EXPECT_FALSE(ok({{"exp", -1e300}}));
  EXPECT_FALSE(ok({{"exp", "9999999999"}}));
  EXPECT_FALSE(ok(Json::object()));
  EXPECT_FALSE(ok({{"exp", at + 100}, {"nbf", at + 61}}));
  EXPECT_FALSE(ok({{"exp", at + 100}, {"nbf", true}}));
}

TEST(Claims, Audiences) {
  using List = std::vector<std::string>;
  EXPECT_EQ(*AudiencesOf({{"aud", "a"}}), List{"a"});
  EXPECT_EQ(*AudiencesOf({{"aud", {"a", "b"}}}), (List{"a", "b"}));
  EXPECT_EQ(*AudiencesOf(Json::object()), List());
  EXPECT_FALSE(AudiencesOf({{"aud", {"a", 1}}}).ok());
  EXPECT_FALSE(AudiencesOf({{"aud", 1}}).ok());
}

}  // namespace
}  // namespace gantry::apiserver::jwt
