#include "apiserver/server/audit_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "apis/machinery/base/json.h"
#include "apiserver/server/in_process_transport.h"

namespace gantry::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AuditEndpointTest : public testing::Test {
 protected:
  AuditEndpointTest() {
    char name[] = "/tmp/gantry-audit.XXXXXX";
    dir_ = mkdtemp(name);
    AuditLogOptions options;
    options.path = dir_ + "/audit.log";
    options.max_bytes = 1;  // a file for each record
    log_ = AuditLog::Open(options, Clock::Real()).value();
    endpoint_ = std::make_unique<AuditEndpoint>(log_.get());
    transport_ = NewInProcessTransport(
        [this](Request& request) { return endpoint_->Answer(request); }, User{});
    Record("1", "ann", "create", "configmaps", "a", "x", 10);
    Record("2", "bob", "delete", "secrets", "a", "y", 20);
    log_->Write("half a line\n");
    Record("3", "ann", "update", "nodes", "", "y", 30);
  }
  ~AuditEndpointTest() override {
    endpoint_.reset();
    log_.reset();
    std::filesystem::remove_all(dir_);
  }

  void Record(const char* id, const char* user, const char* verb, const char* resource,
              const char* ns, const char* name, int minute) {
    log_->Write(
        DumpJson({{"auditID", id},
                  {"user", {{"username", user}}},
                  {"verb", verb},
                  {"objectRef", {{"resource", resource}, {"namespace", ns}, {"name", name}}},
                  {"requestReceivedTimestamp",
                   "2026-11-21T11:" + std::to_string(minute) + ":00.000000Z"}}) +
        "\n");
  }

  // The ids of the records that the query gets.
  std::vector<std::string> Ids(const std::string& query) {
    auto answer = transport_->Stream(Context(), {"GET", "/audit" + query, {}, ""}).value();
    EXPECT_EQ(answer.status, 200) << answer.error_body;
    std::string text;
    while (true) {
      const std::string piece = answer.stream->Read().value();
      if (piece.empty()) break;
      text += piece;
    }
    std::vector<std::string> ids;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      ids.push_back((*ParseJson(line))["auditID"]);
    }
    return ids;
  }

  std::string dir_;
  std::unique_ptr<AuditLog> log_;
  std::unique_ptr<AuditEndpoint> endpoint_;
  std::shared_ptr<client::Transport> transport_;
};

TEST_F(AuditEndpointTest, GivesTheRecordsOfAllFilesInOrder) {
  EXPECT_THAT(Ids(""), ElementsAre("1", "2", "3"));
}

TEST_F(AuditEndpointTest, NarrowsThem) {
  EXPECT_THAT(Ids("?user=ann"), ElementsAre("1", "3"));
  EXPECT_THAT(Ids("?verb=delete"), ElementsAre("2"));
  EXPECT_THAT(Ids("?resource=secrets&namespace=a"), ElementsAre("2"));
  EXPECT_THAT(Ids("?name=y&user=ann"), ElementsAre("3"));
  EXPECT_THAT(Ids("?since=2026-11-21T11:20:00Z"), ElementsAre("2", "3"));
  EXPECT_THAT(Ids("?until=2026-11-21T12:20:00%2B01:00"), ElementsAre("1", "2"));
  EXPECT_THAT(Ids("?user=nobody"), IsEmpty());
}

TEST_F(AuditEndpointTest, RefusesWhatItDoesNotKnow) {
  for (const auto& [query, text] :
       {std::pair{"?users=ann", "unknown parameter \\\"users\\\""}, {"?since=now", "since"}}) {
    const auto answer = transport_->Do(Context(), {"GET", std::string("/audit") + query, {}, ""});
    EXPECT_EQ(answer->status, 400);
    EXPECT_THAT(answer->body, HasSubstr(text));
  }
}

}  // namespace
}  // namespace gantry::apiserver
