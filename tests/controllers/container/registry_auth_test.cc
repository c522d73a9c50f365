#include "controllers/container/registry_auth.h"

#include <gtest/gtest.h>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/base/encoding.h"
#include "controllers/container/images.h"

namespace gantry::container {
namespace {

Object SecretWith(const std::string& config) {
  Object secret(v1::kSecrets.gvk(), {"default", "pull"});
  secret.json()["data"][".dockerconfigjson"] = Base64Encode(config);
  return secret;
}

constexpr char kConfig[] = R"({"auths": {
  "127.0.0.1:5000": {"username": "ann", "password": "one"},
  "127.0.0.1:5000/team": {"auth": "Ym9iOnR3bzp3aXRoIGNvbG9u"},
  "https://index.docker.io/v1/": {"username": "hub", "password": "three"}}})";

struct AuthCase {
  const char* image;
  const char* registry;
  const char* user;  // empty: nothing for it
  const char* password;
};

class Credentials : public ::testing::TestWithParam<AuthCase> {};

TEST_P(Credentials, AreFoundByImage) {
  const AuthCase& c = GetParam();
  EXPECT_EQ(RegistryOf(c.image), c.registry);
  const auto auth = AuthFor(SecretWith(kConfig), c.image);
  ASSERT_TRUE(auth.ok()) << auth.error().message;
  ASSERT_EQ(auth->has_value(), c.user[0] != 0);
  if (!auth->has_value()) return;
  EXPECT_EQ((*auth)->username, c.user);
  EXPECT_EQ((*auth)->password, c.password);
  EXPECT_EQ((*auth)->server, c.registry);
}

INSTANTIATE_TEST_SUITE_P(
    , Credentials,
    ::testing::Values(AuthCase{"127.0.0.1:5000/web:1", "127.0.0.1:5000", "ann", "one"},
                      AuthCase{"127.0.0.1:5000/team/web", "127.0.0.1:5000", "bob",
                               "two:with colon"},
                      AuthCase{"127.0.0.1:5000/teams/web@sha256:0", "127.0.0.1:5000", "ann", "one"},
                      AuthCase{"nginx", "docker.io", "hub", "three"},
                      AuthCase{"library/nginx:1", "docker.io", "hub", "three"},
                      AuthCase{"docker.io/a/b", "docker.io", "hub", "three"},
                      AuthCase{"localhost/web:1", "localhost", "", ""},
                      AuthCase{"127.0.0.1:5001/web", "127.0.0.1:5001", "", ""}));

TEST(CredentialsTest, FaultsDoNotShowTheContent) {
  Object no_key(v1::kSecrets.gvk(), {"default", "pull"});
  for (const Object& secret :
       {no_key, SecretWith("{\"auths\": \"hunter2\"}"), SecretWith("hunter2"), SecretWith("{}")}) {
    const auto auth = AuthFor(secret, "nginx");
    ASSERT_FALSE(auth.ok());
    EXPECT_EQ(auth.code(), Code::kInvalid);
    EXPECT_NE(auth.error().message.find("secret pull"), std::string::npos);
    EXPECT_EQ(auth.error().message.find("hunter2"), std::string::npos);
  }
}

TEST(ImageIdentity, IsTheDigestUnderItsOwnName) {
  docker::ImageDetails image;
  image.id = "sha256:id";
  EXPECT_EQ(IdentityOf("web:1", image), "sha256:id");
  image.digests = {"other/web@sha256:a", "127.0.0.1:5000/web@sha256:b", "web@sha256:c"};
  EXPECT_EQ(IdentityOf("127.0.0.1:5000/web:1", image), "127.0.0.1:5000/web@sha256:b");
  EXPECT_EQ(IdentityOf("docker.io/library/web:1", image), "web@sha256:c");
  EXPECT_EQ(IdentityOf("third/web:1", image), "sha256:id");
}

}  // namespace
}  // namespace gantry::container
