#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/apiserver/endpoints/raw_client.h"

// Tokens of ServiceAccounts against a whole server: asked for, shown, reviewed, taken back.
namespace gantry::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

const std::string kCore = "/api/v1/namespaces/default";
const std::string kReviews = "/apis/authentication.k8s.io/v1/tokenreviews";
const std::string kWhoAmI = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

class Tokens : public ::testing::Test {
 protected:
  Tokens() { MakeAccount(); }

  void MakeAccount() { Make("serviceaccounts", R"({"metadata":{"name":"bot"}})"); }
  void MakeSecret() { Make("secrets", R"({"metadata":{"name":"anchor"}})"); }
  void Make(const std::string& resource, const std::string& body) {
    EXPECT_EQ(admin_.Do("POST", kCore + "/" + resource, body).status, 201);
  }
  void Delete(const std::string& what) {
    EXPECT_EQ(admin_.Do("DELETE", kCore + "/" + what).status, 200);
  }

  RawAnswer Ask(const Json& spec, const std::string& account = "bot") {
    const Json body = {
        {"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenRequest"}, {"spec", spec}};
    return admin_.Do("POST", kCore + "/serviceaccounts/" + account + "/token", body.dump());
  }
  std::string TokenOf(const Json& spec = Json::object()) {
    const RawAnswer answer = Ask(spec);
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer.body["status"]["token"];
  }

  // As a connection would send it. Returns status and document.
  std::pair<int, Json> Show(const std::string& token, const std::string& method,
                            const std::string& path, const std::string& body = "") {
    apiserver::Request request = Shown(token, method, path, body);
    const apiserver::Response response = RunBlocking(env_.handler()(request));
    const Result<Json> json =
        ParseJson(response.shared_body ? *response.shared_body : response.body);
    return {response.status, json.ok() ? *json : Json()};
  }
  static apiserver::Request Shown(const std::string& token, const std::string& method,
                                  const std::string& path, const std::string& body) {
    apiserver::Request request;
    request.method = method;
    request.path = path;
    request.body = body;
    request.headers.Add("Authorization", "Bearer " + token);
    return request;
  }
  int Knows(const std::string& token) { return Show(token, "POST", kWhoAmI, "{}").first; }
  Json Review(const Json& spec) {
    const RawAnswer answer = admin_.Do("POST", kReviews, Json{{"spec", spec}}.dump());
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer.body["status"];
  }

  FakeClock clock_{*ParseTime("2026-11-22T12:00:00Z")};
  EnvTest env_{&clock_, Random::Real(), nullptr};
  RawClient admin_{&env_};
};

TEST_F(Tokens, SayWhoTheAccountIs) {
  const RawAnswer answer = Ask(Json::object());
  ASSERT_EQ(answer.status, 201) << answer.text;
  EXPECT_EQ(answer.body["kind"], "TokenRequest");
  EXPECT_EQ(answer.body["apiVersion"], "authentication.k8s.io/v1");
  EXPECT_EQ(answer.body["spec"]["expirationSeconds"], 3600);
  EXPECT_EQ(answer.body["spec"]["audiences"], Json::array({apiserver::kDefaultIssuer}));
  EXPECT_EQ(answer.body["status"]["expirationTimestamp"], "2026-11-22T13:00:00Z");
  const auto [status, who] = Show(answer.body["status"]["token"], "POST", kWhoAmI, "{}");
  ASSERT_EQ(status, 201);
  const Json& user = who["status"]["userInfo"];
  EXPECT_EQ(user["username"], "system:serviceaccount:default:bot");
  EXPECT_EQ(user["uid"], admin_.Get(kCore + "/serviceaccounts/bot").body["metadata"]["uid"]);
  EXPECT_EQ(user["groups"], Json::array({"system:serviceaccounts", "system:serviceaccounts:default",
                                         "system:authenticated"}));
  EXPECT_THAT(user["extra"]["authentication.kubernetes.io/credential-id"][0].get<std::string>(),
              HasSubstr("JTI="));
}

TEST_F(Tokens, GiveWhatIsBoundToTheAccountOrItsGroups) {
  const std::string token = TokenOf();
  const std::string rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings";
  const auto bind = [&](const char* name, const Json& subject) {
    const Json body = {{"metadata", {{"name", name}}},
                       {"roleRef", {{"kind", "ClusterRole"}, {"name", "view"}}},
                       {"subjects", {subject}}};
    EXPECT_EQ(admin_.Do("POST", rbac, body.dump()).status, 201);
  };
  const auto may = [&] { return Show(token, "GET", kConfigMapsPath).first == 200; };
  EXPECT_FALSE(may());
  bind("other", {{"kind", "ServiceAccount"}, {"name", "bot"}, {"namespace", "kube-system"}});
  EXPECT_FALSE(may());
  bind("own", {{"kind", "ServiceAccount"}, {"name", "bot"}});
  EXPECT_TRUE(may());
  EXPECT_EQ(admin_.Do("DELETE", rbac + "/own").status, 200);
  EXPECT_FALSE(may());
  bind("group", {{"kind", "Group"}, {"name", "system:serviceaccounts:default"}});
  EXPECT_TRUE(may());
}

TEST_F(Tokens, AreRefusedInKubernetesWords) {
  MakeSecret();
  const struct {
    Json spec;
    int status;
    const char* message;
  } cases[] = {
      {{{"expirationSeconds", 599}},
       422,
       "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 "
       "minutes"},
      {{{"expirationSeconds", 0}}, 422, "may not specify a duration less than 10 minutes"},
      {{{"expirationSeconds", 4294967297}},
       422,
       "may not specify a duration larger than 2^32 seconds"},
      {{{"boundObjectRef", {{"kind", "Pod"}, {"apiVersion", "v1"}, {"name", "p"}}}},
       404,
       "pods \"p\" not found"},
      {{{"boundObjectRef", {{"kind", "Secret"}, {"apiVersion", "v1"}, {"name", "no"}}}},
       404,
       "secrets \"no\" not found"},
      {{{"boundObjectRef", {{"kind", "Node"}, {"apiVersion", "v1"}, {"name", "n"}}}},
       400,
       "cannot bind token for serviceaccount to object of type v1, Kind=Node"},
      {{{"boundObjectRef",
         {{"kind", "Secret"}, {"apiVersion", "v1"}, {"name", "anchor"}, {"uid", "x"}}}},
       409,
       "the UID in the bound object reference (x) does not match the UID in record"},
      {{{"audiences", "a"}}, 400, "TokenRequest"},
  };
  for (const auto& c : cases) {
    const RawAnswer answer = Ask(c.spec);
    EXPECT_EQ(answer.status, c.status) << c.spec;
    EXPECT_THAT(answer.text, HasSubstr(Json(c.message).dump().substr(1).substr(
                                 0, Json(c.message).dump().size() - 2)));
  }
  EXPECT_EQ(Ask(Json::object(), "nobody").status, 404);
  EXPECT_EQ(admin_.Get(kCore + "/serviceaccounts/bot/token").status, 405);
  EXPECT_EQ(
      admin_.Do("POST", kCore + "/serviceaccounts/bot/token", R"({"metadata":{"name":"other"}})")
          .status,
      400);
  EXPECT_EQ(admin_.Do("POST", kReviews, R"({"spec":{}})").status, 400);
}

TEST_F(Tokens, EndWithTheirTime) {
  const std::string token = TokenOf({{"expirationSeconds", 600}});
  clock_.Advance(599s);
  EXPECT_EQ(Knows(token), 201);
  clock_.Advance(1s);
  EXPECT_EQ(Knows(token), 401);
  EXPECT_EQ(Review({{"token", token}})["error"], "token: expired");
}

TEST_F(Tokens, EndWithTheirAccount) {
  const std::string token = TokenOf();
  EXPECT_EQ(Knows(token), 201);
  Delete("serviceaccounts/bot");
  EXPECT_EQ(Knows(token), 401);
  MakeAccount();
  EXPECT_EQ(Knows(token), 401) << "another account of the same name";
  EXPECT_EQ(Knows(TokenOf()), 201);
}

TEST_F(Tokens, EndWithTheSecretThatTheyAreBoundTo) {
  MakeSecret();
  const std::string token = TokenOf({{"boundObjectRef", {{"kind", "Secret"}, {"name", "anchor"}}}});
  EXPECT_EQ(Knows(token), 201);
  Delete("secrets/anchor");
  EXPECT_EQ(Knows(token), 401);
  MakeSecret();
  EXPECT_EQ(Knows(token), 401);
}

TEST_F(Tokens, ForOthersAreNotForThisServer) {
  const std::string token = TokenOf({{"audiences", {"vault", "other"}}});
  EXPECT_EQ(Knows(token), 401);
  const Json status = Review({{"token", token}, {"audiences", {"vault", "third"}}});
  EXPECT_EQ(status["authenticated"], true) << status;
  EXPECT_EQ(status["audiences"], Json::array({"vault"}));
  EXPECT_EQ(status["user"]["username"], "system:serviceaccount:default:bot");
  EXPECT_EQ(Review({{"token", token}})["authenticated"], false);
  const Json own = Review({{"token", TokenOf()}});
  EXPECT_EQ(own["authenticated"], true);
  EXPECT_EQ(own["audiences"], Json::array({apiserver::kDefaultIssuer}));
  EXPECT_EQ(Review({{"token", "nonsense"}})["authenticated"], false);
}

TEST_F(Tokens, OfAnotherServerAreNotKnown) {
  apiserver::ServiceAccountTokens::Options options;
  options.signing_key = *apiserver::jwt::MakeKeyPem();
  const auto forger = *apiserver::ServiceAccountTokens::Make(options);
  apiserver::ServiceAccountClaims claims;
  claims.ns = "default";
  claims.account = {"bot", admin_.Get(kCore + "/serviceaccounts/bot").body["metadata"]["uid"]};
  claims.audiences = {apiserver::kDefaultIssuer};
  EXPECT_EQ(Knows(*forger->Issue(claims, clock_.Now(), clock_.Now() + 1h)), 401);
}

TEST_F(Tokens, ARunningWatchEndsWithThem) {
  const std::string token = TokenOf();
  const Json body = {{"metadata", {{"name", "bot"}}},
                     {"roleRef", {{"kind", "ClusterRole"}, {"name", "view"}}},
                     {"subjects", {{{"kind", "ServiceAccount"}, {"name", "bot"}}}}};
  ASSERT_EQ(admin_
                .Do("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
                    body.dump())
                .status,
            201);
  apiserver::Request request = Shown(token, "GET", kConfigMapsPath, "");
  request.query = apiserver::Query::Parse("watch=true");
  apiserver::Response response = RunBlocking(env_.handler()(request));
  ASSERT_TRUE(response.stream) << response.body;
  std::string bytes;
  ASSERT_EQ(response.stream->Pull(&bytes, 1 << 20), apiserver::BodyStream::State::kPending);
  // The account comes back at once, as somebody else: the role is still bound to its name.
  Delete("serviceaccounts/bot");
  MakeAccount();
  std::promise<void> woken;
  response.stream->OnReady([&woken] { woken.set_value(); });
  ASSERT_EQ(woken.get_future().wait_for(10s), std::future_status::ready);
  EXPECT_EQ(response.stream->Pull(&bytes, 1 << 20), apiserver::BodyStream::State::kEnd);
}

TEST_F(Tokens, OthersCanVerifyThem) {
  const std::string token = TokenOf();
  const Json configuration = Show(token, "GET", "/.well-known/openid-configuration").second;
  EXPECT_EQ(configuration["issuer"], apiserver::kDefaultIssuer);
  const Json jwks = Show(token, "GET", "/openid/v1/jwks").second;
  const auto keys = apiserver::jwt::KeySet::FromJwks(jwks, apiserver::jwt::AllAlgorithms());
  ASSERT_TRUE(keys.ok()) << jwks;
  EXPECT_TRUE(keys->Verify(token).ok());
}

TEST_F(Tokens, AreShownByDiscovery) {
  const Json core = admin_.Get("/api/v1").body;
  const auto& list = core["resources"];
  const auto it = std::find_if(list.begin(), list.end(),
                               [](const Json& r) { return r["name"] == "serviceaccounts/token"; });
  ASSERT_NE(it, list.end());
  EXPECT_EQ((*it)["kind"], "TokenRequest");
  EXPECT_EQ((*it)["group"], "authentication.k8s.io");
  EXPECT_EQ((*it)["verbs"], Json::array({"create"}));
}

}  // namespace
}  // namespace gantry::testing
