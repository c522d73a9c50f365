#include "apiserver/server/debug_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apiserver/http/listener.h"
#include "apiserver/server/api_server.h"
#include "apiserver/server/debug_sections.h"
#include "store/store.h"
#include "tests/apiserver/testing/credentials.h"
#include "tests/apiserver/testing/tls_client.h"

namespace gantry::apiserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TlsClient;

constexpr char kMaps[] = "/api/v1/namespaces/default/configmaps";

// A whole server behind a listener.
class DebugPageTest : public ::testing::Test {
 protected:
  DebugPageTest() : store_(*store::OpenStore("memory:")), authenticator_(NewX509Authenticator()) {
    ApiServer::Options options;
    options.authenticator = authenticator_.get();
    server_ = std::make_unique<ApiServer>(store_.get(), options);
    EXPECT_TRUE(server_->Start(Context()).ok());
    ListenerOptions listen;
    listen.tls = testing::TestCredentials().tls();
    listen.io_threads = 2;
    listener_ = *Listener::Start(listen, server_->handler());
    server_->debug().Set("connections", [this](size_t limit) {
      return DescribeConnections(listener_->Busiest(limit));
    });
  }
  ~DebugPageTest() override {
    server_->debug().Set("connections", nullptr);
    listener_->Stop(Duration::zero());
    server_->Stop();
  }

  std::unique_ptr<TlsClient> Connect(const std::string& user, const std::string& group) {
    TlsClient::Options options;
    options.ca = testing::TestCredentials().ca.certificate;
    options.identity = testing::TestCredentials().Client(user, {group});
    return TlsClient::Connect(listener_->port(), options);
  }
  Json Page(TlsClient* client, const std::string& query = "") {
    const auto answer = client->Get("/debug/gantry" + query);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.headers.at("content-type"), "application/json");
    return ParseJson(answer.body).value_or(Json::object());
  }
  // The row with `value` in `column`, or null.
  static Json Row(const Json& table, const std::string& column, const std::string& value) {
    for (const Json& row : table)
      if (row.value(column, "") == value) return row;
    return nullptr;
  }

  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<ApiServer> server_;
  std::unique_ptr<Listener> listener_;
};

TEST_F(DebugPageTest, IsForThoseWhoMaySeeIt) {
  const auto stranger = Connect("stranger", "nobodies");
  const auto answer = stranger->Get("/debug/gantry");
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr("\"Forbidden\""));
  EXPECT_THAT(answer.body, Not(HasSubstr("connections")));
  TlsClient::Options options;
  options.ca = testing::TestCredentials().ca.certificate;
  EXPECT_EQ(TlsClient::Connect(listener_->port(), options)->Get("/debug/gantry").status, 401);
  EXPECT_EQ(Connect("root", "system:masters")->Get("/debug/gantry").status, 200);
  EXPECT_EQ(Connect("root", "system:masters")->Get("/debug/gantry/more").status, 404);
}

TEST_F(DebugPageTest, ShowsConnectionsWatchesAndStore) {
  const auto watcher = Connect("watcher", "system:masters");
  watcher->Send(std::string("GET ") + kMaps +
                "?watch=1&labelSelector=a%3Db&token=topsecret HTTP/1.1\r\nHost: x\r\nAudit-Id: "
                "the-watch\r\n\r\n");
  ASSERT_EQ(watcher->ReadHead().status, 200);
  const auto root = Connect("root", "system:masters");
  const std::string body =
      R"({"metadata":{"name":"one","labels":{"a":"b"}},"data":{"k":"plaintext"}})";
  root->Send(std::string("POST ") + kMaps +
             " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " +
             std::to_string(body.size()) + "\r\n\r\n" + body);
  ASSERT_EQ(root->ReadAnswer().status, 201);
  EXPECT_THAT(watcher->ReadChunk(), HasSubstr("ADDED"));

  const Json page = Page(root.get());
  EXPECT_THAT(DumpJson(page), Not(HasSubstr("topsecret")));
  EXPECT_THAT(DumpJson(page), Not(HasSubstr("plaintext")));

  const Json watch = Row(page["streams"]["watches"], "id", "the-watch");
  ASSERT_FALSE(watch.is_null()) << page.dump(1);
  EXPECT_EQ(watch["user"], "watcher");
  EXPECT_EQ(watch["resource"], "configmaps");
  EXPECT_EQ(watch["namespace"], "default");
  EXPECT_EQ(watch["selector"], "a=b");
  EXPECT_EQ(watch["events"], 1);
  EXPECT_EQ(watch["lag"], 0);
  EXPECT_EQ(watch["waitingEvents"], 0);
  EXPECT_GT(watch["bytes"], 50);
  EXPECT_GE(watch["revision"], 1);

  EXPECT_EQ(page["connections"]["total"], 2);
  const Json stream = Row(page["connections"]["busiest"], "user", "watcher");
  EXPECT_EQ(stream["state"], "stream");
  EXPECT_EQ(stream["requests"], 1);
  EXPECT_THAT(std::string(stream["protocol"]), HasSubstr("TLSv1"));
  EXPECT_THAT(std::string(stream["peer"]), HasSubstr("127.0.0.1:"));
  EXPECT_GT(stream["sentBytes"], 100);
  EXPECT_EQ(Row(page["connections"]["busiest"], "user", "root")["state"], "request");

  // This request itself.
  EXPECT_EQ(page["requests"]["total"], 1);
  EXPECT_EQ(page["requests"]["oldest"][0]["uri"], "/debug/gantry");

  EXPECT_EQ(page["store"]["health"], "ok");
  EXPECT_EQ(page["store"]["revision"], page["store"]["cacheRevision"]);
  const Json cache = Row(page["store"]["caches"], "resource", "configmaps");
  EXPECT_EQ(cache["objects"], 1);
  EXPECT_EQ(cache["events"], 1);
  EXPECT_EQ(Row(page["limits"]["limits"], "kind", "mutating")["places"], InFlightLimits().mutating);
}

TEST_F(DebugPageTest, AWatchThatDoesNotReadHasALag) {
  const auto root = Connect("root", "system:masters");
  Response response;
  Request request;
  request.method = "GET";
  request.path = kMaps;
  request.query = Query::Parse("watch=1&resourceVersion=1");
  request.in_process = true;
  request.user = {"slow", "", {"system:masters"}, {}};
  response = RunBlocking(server_->handler()(request));
  ASSERT_TRUE(response.stream);
  for (const char* name : {"a", "b", "c"}) {
    Request create;
    create.method = "POST";
    create.path = kMaps;
    create.in_process = true;
    create.user = request.user;
    create.headers.Set("Content-Type", "application/json");
    create.body = fmt::format(R"({{"metadata":{{"name":"{}"}}}})", name);
    ASSERT_EQ(RunBlocking(server_->handler()(create)).status, 201);
  }
  const Json watch = Row(Page(root.get())["streams"]["watches"], "user", "slow");
  EXPECT_EQ(watch["waitingEvents"], 3);
  EXPECT_GT(watch["waitingBytes"], 100);
  EXPECT_GE(watch["lag"], 3);
  std::string out;
  while (response.stream->Pull(&out, 1 << 20) == BodyStream::State::kMore) {
  }
  const Json after = Row(Page(root.get())["streams"]["watches"], "user", "slow");
  EXPECT_EQ(after["waitingEvents"], 0);
  EXPECT_EQ(after["lag"], 0);
  EXPECT_EQ(after["events"], 3);
}

TEST_F(DebugPageTest, TablesAreBounded) {
  const auto root = Connect("root", "system:masters");
  std::vector<std::unique_ptr<TlsClient>> others;
  for (int i = 0; i < 5; ++i) {
    others.push_back(Connect("other", "system:masters"));
    ASSERT_EQ(others.back()->Get("/version").status, 200);
  }
  const Json page = Page(root.get(), "?limit=2");
  EXPECT_EQ(page["connections"]["total"], 6);
  EXPECT_EQ(page["connections"]["busiest"].size(), 2u);
  EXPECT_EQ(page["store"]["caches"].size(), 2u);
  for (const char* wrong : {"?limit=x", "?limit=-1", "?limit=1001", "?limit=1x"})
    EXPECT_EQ(root->Get(std::string("/debug/gantry") + wrong).status, 400) << wrong;
}

TEST_F(DebugPageTest, BrowsersGetAPageInWhichEverythingIsEscaped) {
  const auto evil = Connect("<script>alert(1)</script>\"'&", "system:masters");
  const auto answer = evil->Get("/debug/gantry", "Accept: text/html,application/xhtml+xml\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_THAT(answer.headers.at("content-security-policy"), HasSubstr("default-src 'none'"));
  EXPECT_EQ(answer.headers.at("cache-control"), "no-store");
  EXPECT_THAT(answer.body, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"));
  EXPECT_THAT(answer.body, Not(HasSubstr("<script")));
  EXPECT_THAT(answer.body, HasSubstr("<h2>connections</h2>"));
}

TEST(DebugHtml, NoTextBecomesMarkup) {
  const std::string evil = "<b>\"x\"'&</b>";
  const std::string page = RenderDebugHtml(
      {{evil,
        {{evil, evil}, {"table", {{{evil, evil}, {"nested", {{evil, {evil}}}}}}}, {"n", 1}}}});
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(page, Not(HasSubstr("\"x\"")));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;"));
}

TEST_F(DebugPageTest, WhatCannotBeReadIsAnsweredWithAnId) {
  const auto root = Connect("root", "system:masters");
  root->Send("NONSENSE\r\n\r\n");
  const auto answer = root->ReadAnswer();
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.headers.at("audit-id").size(), 36u);
}

}  // namespace
}  // namespace gantry::apiserver
