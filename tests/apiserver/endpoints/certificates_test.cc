#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apis/machinery/base/encoding.h"
#include "apiserver/auth/certificates.h"
#include "tests/apiserver/endpoints/raw_client.h"
#include "tests/apiserver/testing/requests.h"

// CertificateSigningRequests against a whole server.
namespace gantry::testing {
namespace {

using apiserver::testing::MakeRequest;
using apiserver::testing::RequestOptions;
using ::testing::Contains;
using ::testing::HasSubstr;

const std::string kPath = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const std::string kSigner = "kubernetes.io/kube-apiserver-client";
const HeaderList kMerge = {{"Content-Type", "application/merge-patch+json"}};

class Requests : public ::testing::Test {
 protected:
  Json Body(const std::string& name, const RequestOptions& options = {}) {
    return {{"apiVersion", "certificates.k8s.io/v1"},
            {"kind", "CertificateSigningRequest"},
            {"metadata", {{"name", name}}},
            {"spec",
             {{"request", Base64Encode(MakeRequest(options))},
              {"signerName", kSigner},
              {"usages", {"client auth"}}}}};
  }
  RawAnswer Post(const Json& body) { return Post(admin_, body); }
  static RawAnswer Post(const RawClient& as, const Json& body) {
    return as.Do("POST", kPath, body.dump());
  }
  static Json Condition(const std::string& type) {
    return {{"type", type}, {"status", "True"}, {"reason", "Test"}, {"message", "because"}};
  }
  RawAnswer Decide(const RawClient& as, const std::string& name, const std::string& type) {
    return as.Do("PATCH", kPath + "/" + name + "/approval",
                 Json{{"status", {{"conditions", {Condition(type)}}}}}.dump(), kMerge);
  }
  RawClient As(const std::string& name, const std::vector<Json>& rules) {
    const std::string rbac = "/apis/rbac.authorization.k8s.io/v1/";
    EXPECT_EQ(admin_
                  .Do("POST", rbac + "clusterroles",
                      Json{{"metadata", {{"name", name}}}, {"rules", rules}}.dump())
                  .status,
              201);
    EXPECT_EQ(admin_
                  .Do("POST", rbac + "clusterrolebindings",
                      Json{{"metadata", {{"name", name}}},
                           {"roleRef", {{"kind", "ClusterRole"}, {"name", name}}},
                           {"subjects", {{{"kind", "User"}, {"name", name}}}}}
                          .dump())
                  .status,
              201);
    return RawClient(&env_, {name, "uid-" + name, {"team"}, {{"scopes", {"a", "b"}}}});
  }
  static Json On(const Json& resources, const Json& verbs, const Json& names = Json::array()) {
    Json rule = {
        {"apiGroups", {"certificates.k8s.io"}}, {"resources", resources}, {"verbs", verbs}};
    if (!names.empty()) rule["resourceNames"] = names;
    return rule;
  }
  // The request once `done` says so.
  Json Until(const std::string& name, const std::function<bool(const Json&)>& done) {
    const Context patience = Context().WithTimeout(std::chrono::seconds(20));
    while (true) {
      const RawAnswer answer = admin_.Get(kPath + "/" + name);
      if (answer.status == 404 || done(answer.body)) return answer.body;
      if (!patience.SleepFor(std::chrono::milliseconds(2)).ok()) return answer.body;
    }
  }

  EnvTest env_;
  RawClient admin_{&env_};
};

TEST_F(Requests, WhoAsksIsWhatTheServerKnows) {
  const RawClient ann =
      As("ann", {On({"certificatesigningrequests"}, {"create", "get", "update"})});
  Json body = Body("a");
  body["spec"]["username"] = "root";
  body["spec"]["uid"] = "0";
  body["spec"]["groups"] = {"system:masters"};
  body["spec"]["extra"] = {{"x", {"y"}}};
  body["status"] = {{"conditions", {Condition("Approved")}}};
  RawAnswer made = Post(ann, body);
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["spec"]["username"], "ann");
  EXPECT_EQ(made.body["spec"]["uid"], "uid-ann");
  EXPECT_THAT(made.body["spec"]["groups"], Contains("team"));
  EXPECT_EQ(made.body["spec"]["groups"].dump().find("masters"), std::string::npos);
  EXPECT_EQ(made.body["spec"]["extra"], (Json{{"scopes", {"a", "b"}}}));
  EXPECT_FALSE(made.body.contains("status"));

  // Neither spec nor status change by an update; metadata does.
  Json update = made.body;
  update["spec"]["username"] = "root";
  update["spec"]["request"] = Base64Encode(MakeRequest({}));
  update["status"] = {{"conditions", {Condition("Approved")}}};
  update["metadata"]["labels"] = {{"a", "b"}};
  const RawAnswer updated = ann.Do("PUT", kPath + "/a", update.dump());
  ASSERT_EQ(updated.status, 200) << updated.text;
  EXPECT_EQ(updated.body["spec"], made.body["spec"]);
  EXPECT_FALSE(updated.body.contains("status"));
  EXPECT_EQ(updated.body["metadata"]["labels"]["a"], "b");
}

struct Bad {
  const char* name;
  std::function<void(Json* spec)> spoil;
  const char* field;
  const char* says;
};

class BadRequests : public Requests, public ::testing::WithParamInterface<Bad> {};

TEST_P(BadRequests, AreInvalid) {
  Json body = Body("bad");
  GetParam().spoil(&body["spec"]);
  const RawAnswer answer = Post(body);
  EXPECT_EQ(answer.status, 422) << answer.text;
  EXPECT_THAT(answer.body["message"].get<std::string>(), HasSubstr(GetParam().says));
  bool found = false;
  const Json causes = answer.body["details"]["causes"];
  for (const Json& cause : causes) found = found || cause["field"] == GetParam().field;
  EXPECT_TRUE(found) << answer.text;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadRequests,
    ::testing::Values(
        Bad{"text", [](Json* s) { (*s)["request"] = Base64Encode("hello"); }, "spec.request",
            "PEM block type must be CERTIFICATE REQUEST"},
        Bad{"forged",
            [](Json* s) { (*s)["request"] = Base64Encode(MakeRequest({.forged = true})); },
            "spec.request", "not signed by its own key"},
        Bad{"no_usages", [](Json* s) { s->erase("usages"); }, "spec.usages",
            "usages must be provided"},
        Bad{"strange_usage",
            [](Json* s) {
              (*s)["usages"] = {"client auth", "flying"};
            },
            "spec.usages[1]", "Unsupported value: \"flying\""},
        Bad{"usage_twice",
            [](Json* s) {
              (*s)["usages"] = {"client auth", "client auth"};
            },
            "spec.usages[1]", "Duplicate value"},
        Bad{"no_signer", [](Json* s) { s->erase("signerName"); }, "spec.signerName",
            "Required value"},
        Bad{"plain_signer", [](Json* s) { (*s)["signerName"] = "mine"; }, "spec.signerName",
            "of the form 'example.com/signer-name'"},
        Bad{"short_domain", [](Json* s) { (*s)["signerName"] = "example/mine"; }, "spec.signerName",
            "at least two segments"},
        Bad{"bad_path", [](Json* s) { (*s)["signerName"] = "example.com/Mine"; }, "spec.signerName",
            "validating the path"},
        Bad{"two_paths", [](Json* s) { (*s)["signerName"] = "example.com/a/b"; }, "spec.signerName",
            "of the form"},
        Bad{"legacy", [](Json* s) { (*s)["signerName"] = "kubernetes.io/legacy-unknown"; },
            "spec.signerName", "legacy signerName is not allowed"},
        Bad{"short", [](Json* s) { (*s)["expirationSeconds"] = 599; }, "spec.expirationSeconds",
            "less than 600 seconds"}),
    [](const auto& info) { return info.param.name; });

TEST_F(Requests, ReservedNamesAreForbiddenForClients) {
  RawAnswer answer = Post(Body("root", {.organizations = {"system:masters"}}));
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body["message"],
            "certificatesigningrequests.certificates.k8s.io \"root\" is forbidden: use of "
            "kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed");
  EXPECT_EQ(Post(Body("own", {.common_names = {"system:gantry:apiserver"}})).status, 403);
  Json other = Body("other", {.organizations = {"system:masters"}});
  other["spec"]["signerName"] = "example.com/own";
  EXPECT_EQ(Post(other).status, 201);
}

TEST_F(Requests, AnApprovedOneIsSigned) {
  ASSERT_EQ(Post(Body("a", {.organizations = {"devs"}})).status, 201);
  const RawAnswer approved = Decide(admin_, "a", "Approved");
  ASSERT_EQ(approved.status, 200) << approved.text;
  const Json condition = approved.body["status"]["conditions"][0];
  EXPECT_TRUE(condition.contains("lastUpdateTime"));
  EXPECT_TRUE(condition.contains("lastTransitionTime"));
  const Json done = Until("a", [](const Json& o) { return o["status"].contains("certificate"); });
  const auto pem = Base64Decode(GetString(done["status"], "certificate"));
  ASSERT_TRUE(pem.has_value());
  const auto info = apiserver::ReadCertificateInfo(*pem);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->common_name, "ann");
  // What was issued stays.
  const RawAnswer taken =
      admin_.Do("PATCH", kPath + "/a/status", R"({"status":{"certificate":null}})", kMerge);
  EXPECT_EQ(taken.status, 422);
  EXPECT_THAT(taken.text, HasSubstr("may not modify existing certificate"));
  const RawAnswer both = Decide(admin_, "a", "Denied");
  EXPECT_EQ(both.status, 422);
  EXPECT_THAT(both.text, HasSubstr("may not remove a condition"));
}

TEST_F(Requests, WhatTheSignerRefusesFails) {
  ASSERT_EQ(Post(Body("a", {.alternative_names = "DNS:localhost"})).status, 201);
  ASSERT_EQ(Decide(admin_, "a", "Approved").status, 200);
  const Json done = Until("a", [](const Json& o) { return o["status"]["conditions"].size() == 2; });
  EXPECT_EQ(done["status"]["conditions"][1]["type"], "Failed");
  EXPECT_EQ(done["status"]["conditions"][1]["reason"], "SignerValidationFailed");
  EXPECT_THAT(GetString(done["status"]["conditions"][1], "message"), HasSubstr("subjectAltName"));
  EXPECT_FALSE(done["status"].contains("certificate"));
}

TEST_F(Requests, ADeniedOneIsNotSigned) {
  ASSERT_EQ(Post(Body("a")).status, 201);
  ASSERT_EQ(Decide(admin_, "a", "Denied").status, 200);
  EXPECT_EQ(Decide(admin_, "a", "Approved").status, 422);
  ASSERT_EQ(Post(Body("b")).status, 201);
  ASSERT_EQ(Decide(admin_, "b", "Approved").status, 200);
  Until("b", [](const Json& o) { return o["status"].contains("certificate"); });
  EXPECT_FALSE(admin_.Get(kPath + "/a").body["status"].contains("certificate"));
}

TEST_F(Requests, ApprovingNeedsTheSignersApproval) {
  const Json both = On({"certificatesigningrequests", "certificatesigningrequests/approval"},
                       {"get", "patch", "update"});
  const RawClient eve = As("eve", {both});
  const RawClient ann = As("ann", {both, On({"signers"}, {"approve"}, {kSigner})});
  const RawClient bob = As("bob", {both, On({"signers"}, {"approve"}, {"kubernetes.io/*"})});
  const RawClient ben =
      As("ben", {both, On({"signers"}, {"approve"}, {"example.com/*"}), On({"signers"}, {"sign"})});
  const RawClient tim = As("tim", {On({"signers"}, {"approve"})});
  ASSERT_EQ(Post(Body("a")).status, 201);
  ASSERT_EQ(Post(Body("b")).status, 201);
  const RawAnswer refused = Decide(eve, "a", "Approved");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(
      refused.body["message"],
      "certificatesigningrequests.certificates.k8s.io \"a\" is forbidden: user not permitted to "
      "approve requests with signerName \"kubernetes.io/kube-apiserver-client\"");
  EXPECT_EQ(Decide(eve, "a", "Denied").status, 403);
  EXPECT_EQ(Decide(ben, "a", "Approved").status, 403);
  EXPECT_EQ(Decide(tim, "a", "Approved").status, 403);
  EXPECT_EQ(Decide(ann, "a", "Approved").status, 200);
  EXPECT_EQ(Decide(bob, "b", "Denied").status, 200);
}

TEST_F(Requests, SigningNeedsTheRightToSignAndDecidesNothing) {
  const Json status = On({"certificatesigningrequests/status"}, {"patch"});
  const RawClient eve = As("eve", {status, On({"signers"}, {"approve"})});
  const RawClient sam = As("sam", {status, On({"signers"}, {"sign"}, {"example.com/own"})});
  Json body = Body("a");
  body["spec"]["signerName"] = "example.com/own";
  ASSERT_EQ(Post(body).status, 201);
  const auto patch = [](const RawClient& as, const Json& status) {
    return as.Do("PATCH", kPath + "/a/status", Json{{"status", status}}.dump(), kMerge);
  };
  const Json noted = {{"conditions", {{{"type", "example.com/Seen"}, {"status", "Unknown"}}}}};
  EXPECT_EQ(patch(eve, noted).status, 403);
  EXPECT_EQ(patch(sam, noted).status, 200);
  const RawAnswer decided = patch(sam, {{"conditions", {Condition("Approved")}}});
  EXPECT_EQ(decided.status, 422);
  EXPECT_THAT(decided.text, HasSubstr("may not add a condition of type"));
  EXPECT_EQ(patch(sam, {{"certificate", Base64Encode("no certificate")}}).status, 422);

  // Who approved, and why, stays as it was written.
  ASSERT_EQ(Decide(admin_, "a", "Approved").status, 200);
  Json changed = Condition("Approved");
  changed["message"] = "another reason";
  const RawAnswer kept = patch(sam, {{"conditions", {changed}}});
  ASSERT_EQ(kept.status, 200) << kept.text;
  EXPECT_EQ(kept.body["status"]["conditions"][0]["message"], "because");
  const RawAnswer dropped = patch(sam, {{"conditions", Json::array()}});
  EXPECT_EQ(dropped.status, 422);
}

TEST_F(Requests, TheTableIsKubectls) {
  Json body = Body("a");
  body["spec"]["expirationSeconds"] = 86400 * 3;
  ASSERT_EQ(Post(body).status, 201);
  ASSERT_EQ(Post(Body("b", {.constraints = "CA:TRUE"})).status, 201);
  ASSERT_EQ(Decide(admin_, "b", "Approved").status, 200);
  Until("b", [](const Json& o) { return o["status"]["conditions"].size() == 2; });
  const RawAnswer table =
      admin_.Get(kPath, {{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"}});
  std::vector<std::string> names;
  const Json columns = table.body["columnDefinitions"];
  for (const Json& c : columns) names.push_back(c["name"]);
  EXPECT_EQ(names, (std::vector<std::string>{"Name", "Age", "SignerName", "Requestor",
                                             "RequestedDuration", "Condition"}));
  const Json rows = table.body["rows"];
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["cells"][2], kSigner);
  EXPECT_EQ(rows[0]["cells"][3], "test");
  EXPECT_EQ(rows[0]["cells"][4], "3d");
  EXPECT_EQ(rows[0]["cells"][5], "Pending");
  EXPECT_EQ(rows[1]["cells"][4], "<none>");
  EXPECT_EQ(rows[1]["cells"][5], "Approved,Failed");
}

TEST_F(Requests, OldOnesGo) {
  ASSERT_EQ(Post(Body("a")).status, 201);
  Json denied = Condition("Denied");
  denied["lastUpdateTime"] = "2020-01-01T00:00:00Z";
  ASSERT_EQ(admin_
                .Do("PATCH", kPath + "/a/approval",
                    Json{{"status", {{"conditions", {denied}}}}}.dump(), kMerge)
                .status,
            200);
  const Json last = Until("a", [](const Json&) { return false; });
  EXPECT_EQ(last["reason"], "NotFound");
}

TEST_F(Requests, DiscoveryHasTheSubresources) {
  const RawAnswer answer = admin_.Get("/apis/certificates.k8s.io/v1");
  std::map<std::string, Json> verbs;
  const Json resources = answer.body["resources"];
  for (const Json& r : resources) verbs[r["name"]] = r["verbs"];
  EXPECT_EQ(verbs["certificatesigningrequests/approval"], (Json{"get", "patch", "update"}));
  EXPECT_EQ(verbs["certificatesigningrequests/status"], (Json{"get", "patch", "update"}));
}

}  // namespace
}  // namespace gantry::testing
