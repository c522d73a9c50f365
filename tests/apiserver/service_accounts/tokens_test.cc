#include "apiserver/service_accounts/tokens.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "apiserver/auth/files.h"
#include "apiserver/service_accounts/key_file.h"

namespace gantry::apiserver {
namespace {

using namespace std::chrono_literals;

const WallTime kNow = *ParseTime("2026-11-22T12:00:00Z");

ServiceAccountClaims Claims() {
  ServiceAccountClaims claims;
  claims.ns = "shop";
  claims.account = {"bot", "uid-1"};
  claims.secret = TokenObject{"anchor", "uid-2"};
  claims.audiences = {"a", "b"};
  claims.id = "id-1";
  return claims;
}

std::unique_ptr<ServiceAccountTokens> Signing(const std::string& key,
                                              std::vector<std::string> further = {},
                                              const std::string& issuer = kDefaultIssuer) {
  ServiceAccountTokens::Options options;
  options.issuer = issuer;
  options.signing_key = key;
  options.further_keys = std::move(further);
  return *ServiceAccountTokens::Make(options);
}

TEST(ServiceAccountTokens, SayWhatWasPutIntoThem) {
  const auto tokens = Signing(*jwt::MakeKeyPem());
  const std::string token = *tokens->Issue(Claims(), kNow, kNow + 1h);
  const auto read = tokens->ReadCurrent(token, kNow);
  ASSERT_TRUE(read.ok() && *read);
  EXPECT_EQ((*read)->ns, "shop");
  EXPECT_EQ((*read)->account.uid, "uid-1");
  EXPECT_EQ((*read)->secret->name, "anchor");
  EXPECT_EQ((*read)->secret->uid, "uid-2");
  EXPECT_EQ((*read)->audiences, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ((*read)->id, "id-1");
}

TEST(ServiceAccountTokens, HaveATime) {
  const auto tokens = Signing(*jwt::MakeKeyPem());
  const std::string token = *tokens->Issue(Claims(), kNow, kNow + 1h);
  EXPECT_TRUE(tokens->ReadCurrent(token, kNow - 30s).ok()) << "clocks differ a little";
  EXPECT_EQ(tokens->ReadCurrent(token, kNow - 2min).code(), Code::kUnauthorized);
  EXPECT_EQ(tokens->ReadCurrent(token, kNow + 1h).code(), Code::kUnauthorized);
  EXPECT_TRUE(tokens->Read(token).ok()) << "whose it was can still be said";
}

TEST(ServiceAccountTokens, KeysMayBeReplaced) {
  const std::string old_key = *jwt::MakeKeyPem();
  const std::string new_key = *jwt::MakeKeyPem();
  const std::string token = *Signing(old_key)->Issue(Claims(), kNow, kNow + 1h);
  EXPECT_TRUE(Signing(new_key, {old_key})->ReadCurrent(token, kNow).ok());
  EXPECT_EQ(Signing(new_key)->ReadCurrent(token, kNow).code(), Code::kUnauthorized);
  EXPECT_EQ(Signing(new_key, {old_key})->Jwks()["keys"].size(), 2u);
  EXPECT_EQ(Signing(new_key, {new_key})->Jwks()["keys"].size(), 1u);
}

TEST(ServiceAccountTokens, OfOtherIssuersAreNone) {
  const std::string key = *jwt::MakeKeyPem();
  const std::string token = *Signing(key, {}, "https://other")->Issue(Claims(), kNow, kNow + 1h);
  const auto read = Signing(key)->ReadCurrent(token, kNow);
  ASSERT_TRUE(read.ok());
  EXPECT_FALSE(*read);
  EXPECT_FALSE(*Signing(key)->Read("static-token"));
}

// Signed well, but not what this server issues.
TEST(ServiceAccountTokens, WithOtherClaimsAreRefused) {
  const std::string pem = *jwt::MakeKeyPem();
  const auto tokens = Signing(pem);
  const Json good = {
      {"iss", kDefaultIssuer},
      {"sub", "system:serviceaccount:shop:bot"},
      {"aud", "a"},
      {"exp", 1795352400 + 3600},
      {"kubernetes.io",
       {{"namespace", "shop"}, {"serviceaccount", {{"name", "bot"}, {"uid", "uid-1"}}}}}};
  const auto read = [&](const Json& patch) {
    Json claims = good;
    claims.merge_patch(patch);
    return tokens->Read(*jwt::Sign(*jwt::Key::FromPem(pem), claims)).ok();
  };
  EXPECT_TRUE(read(Json::object()));
  EXPECT_FALSE(read({{"sub", "system:serviceaccount:shop:root"}}));
  EXPECT_FALSE(read({{"sub", "root"}}));
  EXPECT_FALSE(read({{"aud", 7}}));
  EXPECT_FALSE(read({{"kubernetes.io", nullptr}}));
  EXPECT_FALSE(read({{"kubernetes.io", {{"serviceaccount", {{"uid", nullptr}}}}}}));
  EXPECT_FALSE(read({{"kubernetes.io", {{"pod", {{"name", "p"}, {"uid", "u"}}}}}}));
}

TEST(ServiceAccountTokens, APublicKeySignsNothing) {
  ServiceAccountTokens::Options options;
  options.signing_key = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n";
  EXPECT_FALSE(ServiceAccountTokens::Make(options).ok());
  options.signing_key = "";
  EXPECT_FALSE(ServiceAccountTokens::Make(options).ok());
}

TEST(SigningKey, IsMadeOnceAndPrivate) {
  std::string dir = "/tmp/gantry-key.XXXXXX";
  ASSERT_NE(mkdtemp(dir.data()), nullptr);
  const std::string path = dir + "/sa.key";
  const auto made = EnsureSigningKey(path);
  ASSERT_TRUE(made.ok());
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(*EnsureSigningKey(path), *made);
  ASSERT_TRUE(WriteFileAtomically(path, "damaged").ok());
  EXPECT_EQ(*EnsureSigningKey(path), "damaged") << "what is there is not overwritten";
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace gantry::apiserver
