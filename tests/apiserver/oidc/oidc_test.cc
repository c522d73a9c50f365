#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "apiserver/filters/filters.h"
#include "apiserver/http/status_response.h"
#include "apiserver/oidc/authenticator.h"

namespace gantry::apiserver::oidc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr char kUrl[] = "https://issuer.example";
constexpr char kOwn[] = "https://own.example";
constexpr char kFile[] = R"(
apiVersion: apiserver.config.k8s.io/v1beta1
kind: AuthenticationConfiguration
jwt:
- issuer:
    url: https://issuer.example
    audiences: [gantry, other]
    audienceMatchPolicy: MatchAny
  claimMappings:
    username: {claim: email, prefix: ""}
    groups: {claim: roles, prefix: "dev:"}
    uid: {claim: sub}
  claimValidationRules:
  - {claim: hd, requiredValue: example.com}
- issuer: {url: "https://second.example/realm", audiences: [gantry]}
  claimMappings:
    username: {claim: sub, prefix: "second:"}
)";

TEST(AuthenticationConfiguration, IsRead) {
  for (const char* version : {"v1", "v1beta1"}) {
    std::string text = kFile;
    text.replace(text.find("v1beta1"), 7, version);
    const auto issuers = ParseAuthenticationConfiguration(text, kOwn);
    ASSERT_TRUE(issuers.ok()) << issuers.error().message;
    ASSERT_EQ(issuers->size(), 2u);
    const IssuerConfig& first = (*issuers)[0];
    EXPECT_EQ(first.url, kUrl);
    EXPECT_THAT(first.audiences, ElementsAre("gantry", "other"));
    EXPECT_EQ(first.username.claim, "email");
    EXPECT_EQ(first.groups.prefix, "dev:");
    EXPECT_EQ(first.uid.claim, "sub");
    EXPECT_EQ(first.required_claims.at("hd"), "example.com");
    EXPECT_EQ((*issuers)[1].username.prefix, "second:");
  }
}

TEST(AuthenticationConfiguration, FaultsAreNamedByTheirPath) {
  const struct {
    const char* what;
    const char* by;
    const char* message;
  } cases[] = {
      {"v1beta1", "v9", "apiVersion: Unsupported value"},
      {"kind: Auth", "kind: Other", "kind: Unsupported value"},
      {"https://issuer.example", "http://issuer.example",
       "jwt[0].issuer.url: Invalid value: \"http://issuer.example\": must be an https URL"},
      {"https://issuer.example", kOwn, "jwt[0].issuer.url: Duplicate value"},
      {"https://second.example/realm", kUrl, "jwt[1].issuer.url: Duplicate value"},
      {"audienceMatchPolicy: MatchAny", "audienceMatchPolicy: All",
       "jwt[0].issuer.audienceMatchPolicy: Unsupported value"},
      {"    audienceMatchPolicy: MatchAny\n", "", "jwt[0].issuer.audienceMatchPolicy: Required"},
      {"audiences: [gantry, other]", "audiences: []", "jwt[0].issuer.audiences: Required"},
      {"claim: email, prefix: \"\"", "claim: email",
       "jwt[0].claimMappings.username.prefix: Required value: prefix is required when claim is "
       "set"},
      {"claim: email, prefix: \"\"", "expression: claims.sub",
       "jwt[0].claimMappings.username.expression: Forbidden: is not supported"},
      {"claim: hd, requiredValue: example.com", "expression: \"true\", message: no",
       "jwt[0].claimValidationRules[0].expression: Forbidden"},
      {"  claimValidationRules:",
       "  userValidationRules: [{expression: x}]\n  claimValidationRules:",
       "jwt[0].userValidationRules: Forbidden"},
      {"uid: {claim: sub}", "uid: {claim: sub}\n    extra: []",
       "jwt[0].claimMappings.extra: Forbidden"},
      {"uid: {claim: sub}", "uuid: {claim: sub}", "jwt[0].claimMappings.uuid: Invalid value"},
  };
  for (const auto& c : cases) {
    std::string text = kFile;
    ASSERT_NE(text.find(c.what), text.npos) << c.what;
    text.replace(text.find(c.what), std::string_view(c.what).size(), c.by);
    const auto issuers = ParseAuthenticationConfiguration(text, kOwn);
    ASSERT_FALSE(issuers.ok()) << c.by;
    EXPECT_THAT(issuers.error().message, HasSubstr(c.message));
  }
  EXPECT_FALSE(ParseAuthenticationConfiguration("", kOwn).ok());
  EXPECT_FALSE(ParseAuthenticationConfiguration("a: [", kOwn).ok());
}

TEST(Flags, MeanWhatKubernetesSays) {
  IssuerFlags flags;
  flags.url = kUrl;
  flags.client_id = "gantry";
  flags.required_claims = {"hd=a=b"};
  auto config = ConfigOfFlags(flags, "", kOwn);
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->username.prefix, std::string(kUrl) + "#");
  EXPECT_EQ(config->required_claims.at("hd"), "a=b");
  EXPECT_EQ(config->algorithms, jwt::Algorithms{jwt::Algorithm::kRs256});
  flags.username_claim = "email";
  EXPECT_EQ(ConfigOfFlags(flags, "", kOwn)->username.prefix, "");
  flags.username_claim = "sub";
  flags.username_prefix = "-";
  EXPECT_EQ(ConfigOfFlags(flags, "", kOwn)->username.prefix, "");
  for (const auto& spoil : std::vector<std::function<void(IssuerFlags*)>>{
           [](IssuerFlags* f) { f->client_id.clear(); },
           [](IssuerFlags* f) { f->url = "http://issuer"; }, [](IssuerFlags* f) { f->url = kOwn; },
           [](IssuerFlags* f) { f->required_claims = {"novalue"}; },
           [](IssuerFlags* f) { f->algorithms = {"HS256"}; },
           [](IssuerFlags* f) { f->algorithms = {"none"}; }}) {
    IssuerFlags spoiled = flags;
    spoil(&spoiled);
    EXPECT_FALSE(ConfigOfFlags(spoiled, "", kOwn).ok());
  }
}

const WallTime kNow = *ParseTime("2026-11-22T12:00:00Z");
int64_t At(std::chrono::seconds offset) {
  return std::chrono::duration_cast<std::chrono::seconds>(kNow.time_since_epoch()).count() +
         offset.count();
}

IssuerConfig Config() { return (*ParseAuthenticationConfiguration(kFile, kOwn))[0]; }

Json Claims() {
  return {{"iss", kUrl},
          {"sub", "u-1"},
          {"aud", "gantry"},
          {"exp", At(1h)},
          {"hd", "example.com"},
          {"email", "ann@example.com"},
          {"email_verified", true},
          {"roles", {"ops", "web"}}};
}

TEST(Oidc, ClaimsBecomeAUser) {
  const auto user = UserOfClaims(Config(), Claims(), kNow);
  ASSERT_TRUE(user.ok()) << user.error().message;
  EXPECT_EQ(user->name, "ann@example.com");
  EXPECT_EQ(user->uid, "u-1");
  EXPECT_THAT(user->groups, ElementsAre("dev:ops", "dev:web"));
}

TEST(Oidc, ClaimsAreJudged) {
  const struct {
    const char* claim;
    Json value;  // null: it is taken away
    bool good;
  } cases[] = {
      {"iss", "https://other", false},
      {"iss", "https://issuer.example/", false},
      {"exp", At(0s), false},
      {"exp", nullptr, false},
      {"nbf", At(4min), true},
      {"nbf", At(6min), false},
      {"aud", {"x", "other"}, true},
      {"aud", "x", false},
      {"aud", "", false},
      {"aud", nullptr, false},
      {"aud", Json::array(), false},
      {"hd", "example.org", false},
      {"hd", nullptr, false},
      {"hd", {"example.com"}, false},
      {"email_verified", false, false},
      {"email_verified", "true", false},
      {"email_verified", nullptr, true},
      {"email", nullptr, false},
      {"email", "", false},
      {"email", 7, false},
      {"roles", "ops", true},
      {"roles", nullptr, true},
      {"roles", 7, false},
      {"roles", {"ops", 7}, false},
      {"sub", nullptr, false},
  };
  for (const auto& c : cases) {
    Json claims = Claims();
    claims[c.claim] = c.value;
    if (c.value.is_null()) claims.erase(c.claim);
    const auto user = UserOfClaims(Config(), claims, kNow);
    EXPECT_EQ(user.ok(), c.good) << c.claim << " " << c.value;
    EXPECT_TRUE(user.ok() || user.code() == Code::kUnauthorized);
  }
}

// A provider in process.
class Provider {
 public:
  Provider() { Rotate(); }
  void Rotate() {
    MutexLock lock(&mu_);
    pem_ = *jwt::MakeKeyPem();
  }
  void SetDown(bool down) { down_ = down; }
  int fetches() const { return fetches_; }

  std::string Sign(const Json& claims) const {
    MutexLock lock(&mu_);
    return *jwt::Sign(*jwt::Key::FromPem(pem_), claims);
  }
  Fetch fetch() {
    return
        [this](const Context&, const std::string& url, const std::string&) { return Answer(url); };
  }

 private:
  Result<std::string> Answer(const std::string& url) {
    if (down_) return Error(Code::kUnavailable, "connection refused");
    if (url == std::string(kUrl) + "/.well-known/openid-configuration") {
      return Json{{"issuer", kUrl}, {"jwks_uri", std::string(kUrl) + "/keys"}}.dump();
    }
    EXPECT_EQ(url, std::string(kUrl) + "/keys");
    ++fetches_;
    MutexLock lock(&mu_);
    return Json{{"keys", {(*jwt::Key::FromPem(pem_)).public_jwk()}}}.dump();
  }

  mutable Mutex mu_;
  std::string pem_ GUARDED_BY(mu_);
  std::atomic<bool> down_{false};
  std::atomic<int> fetches_{0};
};

class OidcTest : public ::testing::Test {
 protected:
  void Begin() {
    oidc_ = std::make_unique<OidcAuthenticator>(std::vector<IssuerConfig>{Config()},
                                                Audiences{kOwn}, provider_.fetch(), &clock_);
    bearer_ = NewBearerAuthenticator(oidc_.get(), {kOwn});
    chain_ = WithAuthentication(
        [](Request& request) {
          Response response;
          response.body = request.user.name;
          return Ready(std::move(response));
        },
        bearer_.get());
  }
  // What a request with the token is answered, when all that it waits for has come.
  int Send(const std::string& token) {
    Request request;
    request.path = "/api";
    request.headers.Add("Authorization", "Bearer " + token);
    return RunBlocking(chain_(request)).status;
  }

  FakeClock clock_{kNow};
  Provider provider_;
  std::unique_ptr<OidcAuthenticator> oidc_;
  std::unique_ptr<Authenticator> bearer_;
  Handler chain_;
};

TEST_F(OidcTest, ARequestWaitsForKeysThatItsTokenNeeds) {
  Begin();
  EXPECT_EQ(Send(provider_.Sign(Claims())), 200);
  EXPECT_EQ(Send("nonsense"), 401);
  EXPECT_EQ(Send(Provider().Sign(Claims())), 401) << "another key";
}

TEST_F(OidcTest, KeysMayBeReplaced) {
  Begin();
  const std::string old = provider_.Sign(Claims());
  EXPECT_EQ(Send(old), 200);
  provider_.Rotate();
  EXPECT_EQ(Send(provider_.Sign(Claims())), 200);
  EXPECT_EQ(Send(old), 401) << "its key is gone";
}

TEST_F(OidcTest, StrangersCauseFewFetches) {
  Begin();
  EXPECT_EQ(Send(provider_.Sign(Claims())), 200);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Send(Provider().Sign(Claims())), 401);
  EXPECT_LE(provider_.fetches(), 8);
  Json expired = Claims();
  expired["exp"] = At(-1s);
  const int before = provider_.fetches();
  clock_.Advance(100s);
  EXPECT_EQ(Send(Provider().Sign(expired)), 401);
  EXPECT_EQ(provider_.fetches(), before) << "a key would not have helped";
  provider_.Rotate();
  EXPECT_EQ(Send(provider_.Sign(Claims())), 200) << "the budget has come back";
}

TEST_F(OidcTest, AProviderThatIsDownIsAskedAgain) {
  provider_.SetDown(true);
  Begin();
  EXPECT_EQ(Send(provider_.Sign(Claims())), 401);
  provider_.SetDown(false);
  EXPECT_EQ(Send(provider_.Sign(Claims())), 200);
  provider_.SetDown(true);
  EXPECT_EQ(Send(provider_.Sign(Claims())), 200) << "known keys stay";
}

TEST_F(OidcTest, TokensAreMeantForTheServer) {
  Begin();
  const std::string token = provider_.Sign(Claims());
  EXPECT_EQ(Send(token), 200);
  const auto own = oidc_->Authenticate(token, {kOwn, "x"});
  ASSERT_TRUE(own.ok() && *own);
  EXPECT_THAT((*own)->audiences, ElementsAre(kOwn));
  EXPECT_FALSE(oidc_->Authenticate(token, {"vault"})->has_value());
  Json foreign = Claims();
  foreign["iss"] = "https://unknown.example";
  EXPECT_FALSE(oidc_->Authenticate(provider_.Sign(foreign), {})->has_value());
}

}  // namespace
}  // namespace gantry::apiserver::oidc
