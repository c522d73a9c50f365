#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apiserver/auth/authenticator.h"
#include "apiserver/auth/authorizer.h"
#include "apiserver/auth/token_authenticator.h"

namespace gantry::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Request WithBearer(const std::string& value) {
  Request request;
  request.headers.Add("authorization", value);
  return request;
}

const TokenAuthenticator* AdminToken() {
  static const auto* const tokens = [] {
    StaticToken admin{"secret", {}};
    admin.user.name = "admin";
    return NewStaticTokens({admin}, {"server"}).release();
  }();
  return tokens;
}

std::vector<std::unique_ptr<Authenticator>> Both() {
  std::vector<std::unique_ptr<Authenticator>> parts;
  parts.push_back(NewX509Authenticator());
  parts.push_back(NewBearerAuthenticator(AdminToken(), {}));
  return parts;
}

TEST(Authenticator, ACertificateIsUserAndGroups) {
  Request request;
  EXPECT_FALSE(NewX509Authenticator()->Authenticate(request)->has_value());
  request.peer_common_name = "ann";
  request.peer_organizations = {"devs", "ops"};
  const auto user = NewX509Authenticator()->Authenticate(request);
  EXPECT_EQ((*user)->name, "ann");
  EXPECT_THAT((*user)->groups, ElementsAre("devs", "ops"));
}

TEST(Authenticator, BearerTokens) {
  const auto all = NewUnionAuthenticator(Both());
  EXPECT_EQ((*all->Authenticate(WithBearer("Bearer secret")))->name, "admin");
  EXPECT_EQ((*all->Authenticate(WithBearer("bearer  secret ")))->name, "admin");
  EXPECT_EQ(all->Authenticate(WithBearer("Bearer secre")).code(), Code::kUnauthorized);
  EXPECT_EQ(all->Authenticate(WithBearer("Bearer secret2")).code(), Code::kUnauthorized);
  EXPECT_EQ(all->Authenticate(WithBearer("Bearer wrong!")).code(), Code::kUnauthorized);
  EXPECT_FALSE(all->Authenticate(WithBearer("Basic c2VjcmV0"))->has_value());
  EXPECT_FALSE(all->Authenticate(WithBearer("Bearer "))->has_value());
  EXPECT_FALSE(all->Authenticate(Request())->has_value());
}

TEST(Authenticator, AGoodCertificateCountsDespiteABadToken) {
  Request request = WithBearer("Bearer wrong");
  request.peer_common_name = "ann";
  EXPECT_EQ((*NewUnionAuthenticator(Both())->Authenticate(request))->name, "ann");
}

TEST(TokenFile, IsReadLineByLine) {
  const auto tokens = ParseTokenFile("# comment\nt1,ann,7,\"devs,ops\"\r\n\nt2,ben,\n");
  ASSERT_TRUE(tokens.ok()) << tokens.error().message;
  ASSERT_EQ(tokens->size(), 2u);
  EXPECT_EQ((*tokens)[0].token, "t1");
  EXPECT_EQ((*tokens)[0].user.uid, "7");
  EXPECT_THAT((*tokens)[0].user.groups, ElementsAre("devs", "ops"));
  EXPECT_EQ((*tokens)[1].user.name, "ben");
  EXPECT_THAT((*tokens)[1].user.groups, IsEmpty());
  EXPECT_EQ(ParseTokenFile("a,b,c\nx,y\n").error().message,
            "line 2: must be token,user,uid[,\"group,...\"]");
}

struct Denied {
  const char* name;
  RequestInfo info;
  std::string path;
  std::string message;
};

RequestInfo Resource(std::string verb, std::string group, std::string ns, std::string resource,
                     std::string name = "", std::string subresource = "") {
  RequestInfo info;
  info.is_resource = true;
  info.verb = std::move(verb);
  info.group = std::move(group);
  info.ns = std::move(ns);
  info.resource = std::move(resource);
  info.name = std::move(name);
  info.subresource = std::move(subresource);
  return info;
}

RequestInfo Path(std::string verb) {
  RequestInfo info;
  info.verb = std::move(verb);
  return info;
}

class Forbidden : public ::testing::TestWithParam<Denied> {};

TEST_P(Forbidden, SpeaksAsKubernetesDoes) {
  User user;
  user.name = "x";
  const AccessRequest access{user, GetParam().info, GetParam().path};
  EXPECT_FALSE(NewMastersAuthorizer()->Allowed(access));
  EXPECT_EQ(ForbiddenError(access).message, GetParam().message);
  user.groups = {"system:authenticated", "system:masters"};
  EXPECT_TRUE(NewMastersAuthorizer()->Allowed(access));
}

INSTANTIATE_TEST_SUITE_P(
    Table, Forbidden,
    ::testing::Values(
        Denied{"list", Resource("list", "gantry.dev", "default", "services"), "",
               "services.gantry.dev is forbidden: User \"x\" cannot list resource \"services\" in "
               "API group \"gantry.dev\" in the namespace \"default\""},
        Denied{"named", Resource("get", "", "default", "secrets", "key"), "",
               "secrets \"key\" is forbidden: User \"x\" cannot get resource \"secrets\" in API "
               "group \"\" in the namespace \"default\""},
        Denied{"sub", Resource("update", "gantry.dev", "a", "services", "web", "scale"), "",
               "services.gantry.dev \"web\" is forbidden: User \"x\" cannot update resource "
               "\"services/scale\" in API group \"gantry.dev\" in the namespace \"a\""},
        Denied{"cluster", Resource("list", "gantry.dev", "", "nodes"), "",
               "nodes.gantry.dev is forbidden: User \"x\" cannot list resource \"nodes\" in API "
               "group \"gantry.dev\" at the cluster scope"},
        Denied{"path", Path("get"), "/version",
               "forbidden: User \"x\" cannot get path \"/version\""}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace gantry::apiserver
