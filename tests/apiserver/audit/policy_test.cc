#include "apiserver/audit/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apiserver/filters/filters.h"

namespace gantry::apiserver {
namespace {

using ::testing::HasSubstr;

Request RequestOf(const std::string& method, const std::string& path, const std::string& user,
                  std::vector<std::string> groups = {}) {
  Request request;
  request.method = method;
  request.path = path;
  request.info = ParseRequestInfo(method, path, request.query);
  request.user.name = user;
  request.user.groups = std::move(groups);
  return request;
}

struct PolicyCase {
  const char* name;
  const char* rules;
  const char* method;
  const char* path;
  AuditLevel level;
};

class AuditPolicyTest : public testing::TestWithParam<PolicyCase> {};

TEST_P(AuditPolicyTest, Decides) {
  const PolicyCase& c = GetParam();
  const auto policy = AuditPolicy::Parse(
      std::string("{apiVersion: audit.k8s.io/v1, kind: Policy, rules: ") + c.rules + "}");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  EXPECT_EQ(policy->Decide(RequestOf(c.method, c.path, "ann", {"devs"})).level, c.level);
}

constexpr char kMap[] = "/api/v1/namespaces/a/configmaps/m";
constexpr char kSecret[] = "/api/v1/namespaces/a/secrets/s";
constexpr char kStatus[] = "/apis/gantry.dev/v1/namespaces/a/services/web/status";

INSTANTIATE_TEST_SUITE_P(
    Rules, AuditPolicyTest,
    testing::Values(
        PolicyCase{"NoRule", "[]", "GET", kMap, AuditLevel::kNone},
        PolicyCase{"Any", "[{level: Request}]", "GET", kMap, AuditLevel::kRequest},
        PolicyCase{"FirstWins", "[{level: None}, {level: Request}]", "GET", kMap,
                   AuditLevel::kNone},
        PolicyCase{"User", "[{level: Metadata, users: [ann]}]", "GET", kMap, AuditLevel::kMetadata},
        PolicyCase{"OtherUser", "[{level: Metadata, users: [bob]}]", "GET", kMap,
                   AuditLevel::kNone},
        PolicyCase{"Group", "[{level: Metadata, userGroups: [ops, devs]}]", "GET", kMap,
                   AuditLevel::kMetadata},
        PolicyCase{"OtherGroup", "[{level: Metadata, userGroups: [ops]}]", "GET", kMap,
                   AuditLevel::kNone},
        PolicyCase{"Verb", "[{level: Metadata, verbs: [delete]}]", "DELETE", kMap,
                   AuditLevel::kMetadata},
        PolicyCase{"OtherVerb", "[{level: Metadata, verbs: [delete]}]", "GET", kMap,
                   AuditLevel::kNone},
        PolicyCase{"Resource", "[{level: Metadata, resources: [{resources: [configmaps]}]}]", "GET",
                   kMap, AuditLevel::kMetadata},
        PolicyCase{"WholeGroup", "[{level: Metadata, resources: [{group: gantry.dev}]}]", "GET",
                   kStatus, AuditLevel::kMetadata},
        PolicyCase{"OtherGroupOfResources", "[{level: Metadata, resources: [{group: gantry.dev}]}]",
                   "GET", kMap, AuditLevel::kNone},
        PolicyCase{"ResourceWithoutItsSubresource",
                   "[{level: Metadata, resources: [{group: gantry.dev, resources: [services]}]}]",
                   "PUT", kStatus, AuditLevel::kNone},
        PolicyCase{
            "Subresource",
            "[{level: Metadata, resources: [{group: gantry.dev, resources: [services/status]}]}]",
            "PUT", kStatus, AuditLevel::kMetadata},
        PolicyCase{
            "AnySubresource",
            "[{level: Metadata, resources: [{group: gantry.dev, resources: ['services/*']}]}]",
            "PUT", kStatus, AuditLevel::kMetadata},
        PolicyCase{"SubresourceOfAny",
                   "[{level: Metadata, resources: [{group: gantry.dev, resources: ['*/status']}]}]",
                   "PUT", kStatus, AuditLevel::kMetadata},
        PolicyCase{"Star",
                   "[{level: Metadata, resources: [{group: gantry.dev, resources: ['*']}]}]", "PUT",
                   kStatus, AuditLevel::kMetadata},
        PolicyCase{
            "Name",
            "[{level: Metadata, resources: [{resources: [configmaps], resourceNames: [m]}]}]",
            "GET", kMap, AuditLevel::kMetadata},
        PolicyCase{
            "OtherName",
            "[{level: Metadata, resources: [{resources: [configmaps], resourceNames: [n]}]}]",
            "GET", kMap, AuditLevel::kNone},
        PolicyCase{"Namespace", "[{level: Metadata, namespaces: [a]}]", "GET", kMap,
                   AuditLevel::kMetadata},
        PolicyCase{"OtherNamespace", "[{level: Metadata, namespaces: [b]}]", "GET", kMap,
                   AuditLevel::kNone},
        PolicyCase{"NoNamespace", "[{level: Metadata, namespaces: ['']}]", "GET",
                   "/apis/gantry.dev/v1/nodes", AuditLevel::kMetadata},
        PolicyCase{"Path", "[{level: Metadata, nonResourceURLs: ['/debug/*']}]", "GET",
                   "/debug/gantry", AuditLevel::kMetadata},
        PolicyCase{"OtherPath", "[{level: Metadata, nonResourceURLs: [/debug]}]", "GET",
                   "/debug/gantry", AuditLevel::kNone},
        PolicyCase{"PathIsNoResource", "[{level: Metadata, nonResourceURLs: ['*']}]", "GET", kMap,
                   AuditLevel::kNone},
        PolicyCase{"SecretsNeverWhole", "[{level: RequestResponse}]", "GET", kSecret,
                   AuditLevel::kMetadata},
        PolicyCase{"TokensNeverWhole", "[{level: RequestResponse}]", "POST",
                   "/api/v1/namespaces/a/serviceaccounts/s/token", AuditLevel::kMetadata},
        PolicyCase{"ReviewsOfTokensNeverWhole", "[{level: Request}]", "POST",
                   "/apis/authentication.k8s.io/v1/tokenreviews", AuditLevel::kMetadata}),
    [](const auto& info) { return info.param.name; });

TEST(AuditPolicyTextTest, StagesAddUp) {
  const auto policy = AuditPolicy::Parse(R"(
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- level: Request
  verbs: [get]
  omitStages: [ResponseStarted]
- level: Request
  omitManagedFields: false
)");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  const AuditDecision first = policy->Decide(RequestOf("GET", kMap, "ann"));
  EXPECT_FALSE(first.Records(AuditStage::kRequestReceived));
  EXPECT_FALSE(first.Records(AuditStage::kResponseStarted));
  EXPECT_TRUE(first.Records(AuditStage::kResponseComplete));
  EXPECT_TRUE(first.omit_managed_fields);
  const AuditDecision second = policy->Decide(RequestOf("DELETE", kMap, "ann"));
  EXPECT_TRUE(second.Records(AuditStage::kResponseStarted));
  EXPECT_FALSE(second.omit_managed_fields);
}

TEST(AuditPolicyTextTest, EveryFaultIsNamed) {
  const auto policy = AuditPolicy::Parse(R"(
apiVersion: audit.k8s.io/v2
kind: Policy
rule: x
omitStages: [Before]
rules:
- level: All
  user: ann
- level: None
  nonResourceURLs: [debug, "/a*b"]
  namespaces: [a]
- level: None
  resources: [{group: 7, resourceNames: [x], resource: y}]
  verbs: get
- 3
)");
  ASSERT_EQ(policy.code(), Code::kInvalid);
  for (const char* text :
       {"apiVersion: Unsupported value: \"audit.k8s.io/v2\"", "rule: Forbidden: unknown field",
        "omitStages: Unsupported value: \"Before\"", "rules[0].level: Unsupported value: \"All\"",
        "rules[0].user: Forbidden", "rules[1].nonResourceURLs[0]: Invalid value: \"debug\"",
        "rules[1].nonResourceURLs[1]: Invalid value: \"/a*b\"",
        "rules[1].nonResourceURLs: Forbidden", "rules[2].resources[0].group: Invalid value: 7",
        "rules[2].resources[0].resources: Required", "rules[2].resources[0].resource: Forbidden",
        "rules[2].verbs: Invalid value", "rules[3]: Invalid value: 3: must be a map"}) {
    EXPECT_THAT(policy.error().message, HasSubstr(text));
  }
  EXPECT_EQ(AuditPolicy::Parse("").code(), Code::kInvalid);
  EXPECT_EQ(AuditPolicy::Parse("{").code(), Code::kBadRequest);
}

TEST(AuditPolicyTextTest, TheDefaultIsWhoDidWhat) {
  const AuditPolicy policy = AuditPolicy::Default();
  const auto level = [&](const char* method, const std::string& path,
                         std::vector<std::string> groups = {}) {
    return policy.Decide(RequestOf(method, path, "ann", std::move(groups))).level;
  };
  EXPECT_EQ(level("PUT", kMap), AuditLevel::kMetadata);
  EXPECT_EQ(level("DELETE", "/apis/gantry.dev/v1/nodes/n"), AuditLevel::kMetadata);
  EXPECT_EQ(level("GET", kMap), AuditLevel::kNone);
  EXPECT_EQ(level("GET", kSecret), AuditLevel::kMetadata);
  EXPECT_EQ(level("GET", kSecret, {"system:gantry:controllers"}), AuditLevel::kNone);
  EXPECT_EQ(level("PUT", kSecret, {"system:gantry:controllers"}), AuditLevel::kMetadata);
  EXPECT_EQ(level("PUT", kStatus), AuditLevel::kNone);
  EXPECT_EQ(level("PUT", "/apis/coordination.k8s.io/v1/namespaces/a/leases/l"), AuditLevel::kNone);
  EXPECT_EQ(level("POST", "/apis/gantry.dev/v1/namespaces/a/containers/c/exec"),
            AuditLevel::kMetadata);
  EXPECT_EQ(level("GET", "/apis/gantry.dev/v1/namespaces/a/containers/c/log"),
            AuditLevel::kMetadata);
  EXPECT_EQ(level("GET", "/backup"), AuditLevel::kMetadata);
}

}  // namespace
}  // namespace gantry::apiserver
