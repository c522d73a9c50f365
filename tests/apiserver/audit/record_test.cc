#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "apis/machinery/base/json.h"
#include "apis/machinery/meta/object.h"
#include "apiserver/audit/trail.h"
#include "apiserver/filters/chain.h"

namespace gantry::apiserver {
namespace {

using ::testing::SizeIs;

class Empty : public BodyStream {
 public:
  State Pull(std::string*, size_t) override { return State::kEnd; }
  void OnReady(std::function<void()>) override {}
};

Task<Response> Answer(Request& request) {
  if (request.query.Has("throw")) throw std::runtime_error("boom");
  request.created_name = "made";
  Response response;
  if (request.info.verb == "watch") response.stream = std::make_unique<Empty>();
  response.body = R"({"answered":true,"metadata":{"managedFields":[]}})";
  co_return response;
}

// What passes the whole chain of filters, and what the log has of it then.
class AuditRecordTest : public testing::Test {
 protected:
  AuditRecordTest() : authenticator_(NewX509Authenticator()), authorizer_(NewMastersAuthorizer()) {
    char name[] = "/tmp/gantry-audit.XXXXXX";
    dir_ = mkdtemp(name);
  }
  ~AuditRecordTest() override {
    trail_.log.reset();
    std::filesystem::remove_all(dir_);
  }

  void Start(const std::string& rules) {
    AuditLogOptions options;
    options.path = dir_ + "/audit.log";
    trail_.policy =
        *AuditPolicy::Parse("{apiVersion: audit.k8s.io/v1, kind: Policy, rules: " + rules + "}");
    auto log = AuditLog::Open(options, &clock_);
    ASSERT_TRUE(log.ok()) << log.error().message;
    trail_.log = *std::move(log);
    FilterConfig config;
    config.authenticator = authenticator_.get();
    config.authorizer = authorizer_.get();
    config.audit = &trail_;
    config.clock = &clock_;
    chain_ = BuildFilterChain(Answer, config);
  }

  static Request RootsRequest(const std::string& method, const std::string& path) {
    Request request;
    request.method = method;
    request.path = path;
    request.remote = "[2001:db8::7]:4711";
    request.peer_common_name = "root";
    request.peer_organizations = {"system:masters"};
    return request;
  }

  std::vector<Json> Records() {
    trail_.log->Flush();
    std::ifstream file(dir_ + "/audit.log");
    std::vector<Json> records;
    for (std::string line; std::getline(file, line);) records.push_back(*ParseJson(line));
    return records;
  }

  std::string dir_;
  FakeClock clock_{*ParseTime("2026-11-21T11:34:00Z")};
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<Authorizer> authorizer_;
  AuditTrail trail_;
  Handler chain_;
};

constexpr char kServices[] = "/apis/gantry.dev/v1/namespaces/shop/services";

TEST_F(AuditRecordTest, SaysWhoWhatWhenWhence) {
  Start("[{level: Metadata, omitStages: [RequestReceived]}]");
  Request request = RootsRequest("POST", kServices);
  request.headers.Set("Audit-Id", "seven");
  request.headers.Set("User-Agent", "a \"quoted\" agent");
  RunBlocking(chain_(request));
  const auto records = Records();
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0], *ParseJson(R"({
    "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": "seven",
    "stage": "ResponseComplete", "requestURI": "/apis/gantry.dev/v1/namespaces/shop/services",
    "verb": "create", "userAgent": "a \"quoted\" agent", "sourceIPs": ["2001:db8::7"],
    "user": {"username": "root", "groups": ["system:masters", "system:authenticated"]},
    "objectRef": {"apiGroup": "gantry.dev", "apiVersion": "v1", "namespace": "shop",
                  "resource": "services", "name": "made"},
    "responseStatus": {"metadata": {}, "code": 200},
    "requestReceivedTimestamp": "2026-11-21T11:34:00.000000Z",
    "stageTimestamp": "2026-11-21T11:34:00.000000Z"})"));
}

TEST_F(AuditRecordTest, EveryStageOfARequest) {
  Start("[{level: Metadata}]");
  Request request = RootsRequest("GET", std::string(kServices) + "/web");
  RunBlocking(chain_(request));
  const auto records = Records();
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0]["stage"], "RequestReceived");
  EXPECT_FALSE(records[0].contains("responseStatus"));
  EXPECT_EQ(records[1]["stage"], "ResponseComplete");
  EXPECT_EQ(records[0]["auditID"], records[1]["auditID"]);
}

TEST_F(AuditRecordTest, BodiesAsTheLevelSays) {
  Start(
      "[{level: Request, verbs: [update], omitStages: [RequestReceived]},"
      " {level: RequestResponse, omitManagedFields: true, omitStages: [RequestReceived]}]");
  for (const char* method : {"PUT", "POST"}) {
    Request request = RootsRequest(method, kServices);
    request.headers.Set("Content-Type", "application/json");
    request.body = R"({"asked":true})";
    RunBlocking(chain_(request));
  }
  const auto records = Records();
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0]["requestObject"], (Json{{"asked", true}}));
  EXPECT_FALSE(records[0].contains("responseObject"));
  EXPECT_EQ(records[1]["responseObject"], (Json{{"answered", true}, {"metadata", Json::object()}}));
}

TEST_F(AuditRecordTest, AStreamAtItsBeginningAndAtItsEnd) {
  Start("[{level: Metadata, omitStages: [RequestReceived]}]");
  Request request = RootsRequest("GET", kServices);
  request.query = Query::Parse("watch=1");
  {
    const Response response = RunBlocking(chain_(request));
    EXPECT_THAT(Records(), SizeIs(1));
    clock_.Advance(std::chrono::seconds(5));
  }
  const auto records = Records();
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0]["stage"], "ResponseStarted");
  EXPECT_EQ(records[1]["stage"], "ResponseComplete");
  EXPECT_EQ(records[1]["requestReceivedTimestamp"], "2026-11-21T11:34:00.000000Z");
  EXPECT_EQ(records[1]["stageTimestamp"], "2026-11-21T11:34:05.000000Z");
}

TEST_F(AuditRecordTest, WhatFailsAndWhatIsRefused) {
  Start("[{level: Metadata, omitStages: [RequestReceived]}]");
  Request failing = RootsRequest("GET", kServices);
  failing.query = Query::Parse("throw=1");
  RunBlocking(chain_(failing));
  Request unknown = RootsRequest("GET", kServices);
  unknown.peer_common_name.clear();
  RunBlocking(chain_(unknown));
  Request forbidden = RootsRequest("GET", kServices);
  forbidden.peer_organizations.clear();
  RunBlocking(chain_(forbidden));
  const auto records = Records();
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_EQ(records[0]["responseStatus"]["code"], 500);
  EXPECT_EQ(records[1]["responseStatus"]["code"], 401);
  EXPECT_EQ(records[1]["user"]["username"], "");
  EXPECT_EQ(records[2]["responseStatus"]["code"], 403);
  EXPECT_EQ(records[2]["responseStatus"]["reason"], "Forbidden");
}

TEST_F(AuditRecordTest, WhoActsAsSomebodyElse) {
  Start("[{level: Metadata, users: [root], omitStages: [RequestReceived]}]");
  Request request = RootsRequest("GET", kServices);
  request.headers.Set("Impersonate-User", "ann");
  request.headers.Set("Impersonate-Group", "system:masters");
  RunBlocking(chain_(request));
  const auto records = Records();
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0]["user"]["username"], "root");
  EXPECT_EQ(records[0]["impersonatedUser"]["username"], "ann");
}

TEST_F(AuditRecordTest, SecretsInUrlsAreHidden) {
  Start("[{level: Metadata, omitStages: [RequestReceived]}]");
  Request request = RootsRequest("GET", kServices);
  request.query = Query::Parse("token=canary");
  RunBlocking(chain_(request));
  const auto records = Records();
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(DumpJson(records[0]).find("canary"), std::string::npos);
}

}  // namespace
}  // namespace gantry::apiserver
