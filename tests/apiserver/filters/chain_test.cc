#include "apiserver/filters/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "apis/machinery/base/json.h"
#include "apis/machinery/base/metrics.h"

namespace gantry::apiserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Held requests complete when told.
std::vector<std::function<void(bool)>>& Held() {
  static std::vector<std::function<void(bool)>> held;
  return held;
}

Task<Response> Endpoint(Request& request) {
  if (request.query.Has("throw")) throw std::runtime_error("boom");
  if (request.query.Has("hold")) {
    co_await Callback<bool>([](std::function<void(bool)> done) { Held().push_back(done); });
  }
  if (request.query.Has("warn-often")) request.warnings.assign(99, std::string(100, 'w'));
  if (request.query.Has("warn")) request.warnings = {"say \"no\"\n", "again"};
  Response response;
  response.body = request.user.name;
  for (const std::string& g : request.user.groups) response.body += " " + g;
  if (const auto deadline = request.ctx.deadline()) {
    const auto left = *deadline - Clock::Real()->Mono();
    response.headers.Set("Left",
                         std::to_string(std::chrono::ceil<std::chrono::seconds>(left).count()));
  }
  co_return std::move(response);
}

class ChainTest : public ::testing::Test {
 protected:
  ChainTest() : authenticator_(NewX509Authenticator()), authorizer_(NewMastersAuthorizer()) {
    config_.authenticator = authenticator_.get();
    config_.authorizer = authorizer_.get();
    config_.in_flight = {2, 1, 2, std::chrono::milliseconds(1)};
    chain_ = BuildFilterChain(Endpoint, config_);
  }

  static Request Make(const std::string& target, const std::string& user = "root",
                      const std::string& method = "GET") {
    Request request;
    const size_t mark = target.find('?');
    request.method = method;
    request.path = target.substr(0, mark);
    if (mark != std::string::npos) request.query = Query::Parse(target.substr(mark + 1));
    request.peer_common_name = user;
    if (user == "root") request.peer_organizations = {"system:masters"};
    return request;
  }
  Response Send(Request request) { return RunBlocking(chain_(request)); }

  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<Authorizer> authorizer_;
  FilterConfig config_;
  Handler chain_;
};

constexpr char kList[] = "/apis/gantry.dev/v1/namespaces/default/services";

void ExpectStatus(const Response& response, int code, const std::string& reason,
                  const std::string& message) {
  EXPECT_EQ(response.status, code);
  const auto body = ParseJson(response.body);
  ASSERT_TRUE(body.ok()) << response.body;
  EXPECT_EQ((*body)["kind"], "Status");
  EXPECT_EQ((*body)["status"], "Failure");
  EXPECT_EQ((*body)["code"], code);
  EXPECT_EQ((*body)["reason"], reason);
  EXPECT_EQ((*body)["message"], message);
}

TEST_F(ChainTest, AKnownUserReachesTheEndpoint) {
  const Response response = Send(Make(kList));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "root system:masters system:authenticated");
  EXPECT_EQ(response.headers.Get("Audit-Id").size(), 36u);
}

TEST_F(ChainTest, NobodyIsRefusedEverywhereButAtHealth) {
  ExpectStatus(Send(Make(kList, "")), 401, "Unauthorized", "Unauthorized");
  ExpectStatus(Send(Make("/version", "")), 401, "Unauthorized", "Unauthorized");
  ExpectStatus(Send(Make("/metrics", "")), 401, "Unauthorized", "Unauthorized");
  for (const char* path : {"/healthz", "/livez", "/readyz"}) {
    EXPECT_EQ(Send(Make(path, "")).body, "system:anonymous system:unauthenticated");
  }
}

TEST_F(ChainTest, OthersAreForbidden) {
  ExpectStatus(Send(Make(kList, "x")), 403, "Forbidden",
               "services.gantry.dev is forbidden: User \"x\" cannot list resource \"services\" in "
               "API group \"gantry.dev\" in the namespace \"default\"");
}

TEST_F(ChainTest, AnExceptionIsAnAnswer) {
  const Response response = Send(Make(std::string(kList) + "?throw"));
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("\"InternalError\""));
  EXPECT_THAT(response.body, Not(HasSubstr("boom")));
  EXPECT_THAT(response.body, HasSubstr(std::string(response.headers.Get("Audit-Id"))));
}

TEST_F(ChainTest, WarningsAreHeaders) {
  const Response response = Send(Make(std::string(kList) + "?warn"));
  EXPECT_THAT(response.headers.GetAll("warning"),
              ::testing::ElementsAre("299 - \"say \\\"no\\\"\"", "299 - \"again\""));
  // Their size is bounded, as clients bound that of all headers.
  const Response many = Send(Make(std::string(kList) + "?warn-often"));
  EXPECT_EQ(many.headers.GetAll("warning").size(), 41u);
  EXPECT_EQ(many.headers.GetAll("warning").back(), "299 - \"59 more warnings\"");
}

TEST_F(ChainTest, Deadlines) {
  EXPECT_EQ(Send(Make(kList)).headers.Get("Left"), "60");
  EXPECT_EQ(Send(Make(std::string(kList) + "?timeout=10s")).headers.Get("Left"), "10");
  EXPECT_EQ(Send(Make(std::string(kList) + "?timeout=2h")).headers.Get("Left"), "60");
  EXPECT_EQ(Send(Make(std::string(kList) + "?timeout=0s")).headers.Get("Left"), "60");
  EXPECT_EQ(Send(Make(std::string(kList) + "?watch=1")).headers.Get("Left"), "");
  const std::string log = "/apis/gantry.dev/v1/namespaces/a/containers/c/log";
  EXPECT_EQ(Send(Make(log)).headers.Get("Left"), "");
  EXPECT_EQ(Send(Make(std::string(kList) + "?timeout=soon")).status, 400);
}

TEST_F(ChainTest, TooManyAtOnceMustComeBack) {
  Request held[] = {Make(std::string(kList) + "?hold"), Make(std::string(kList) + "?hold")};
  int done = 0;
  for (Request& r : held) Start(chain_(r), [&](Response) { ++done; });
  ASSERT_EQ(Held().size(), 2u);

  const Response refused = Send(Make(kList));  // after its wait
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.Get("Retry-After"), "1");
  EXPECT_THAT(refused.body, HasSubstr("\"TooManyRequests\""));
  EXPECT_EQ(Send(Make(kList, "root", "POST")).status, 200);            // another pool
  EXPECT_EQ(Send(Make(std::string(kList) + "?watch=1")).status, 200);  // not counted

  for (auto& finish : std::exchange(Held(), {})) finish(true);
  EXPECT_EQ(done, 2);
  EXPECT_EQ(Send(Make(kList)).status, 200);
}

// A request that is on its way through the chain.
class Sent {
 public:
  Sent(const Handler& chain, Request request) : request_(std::move(request)) {
    Start(chain(request_), [this](Response response) {
      MutexLock lock(&mu_);
      response_ = std::move(response);
      changed_.SignalAll();
    });
  }
  // Blocks until it is answered.
  int status() {
    MutexLock lock(&mu_);
    while (!response_) changed_.Wait(&mu_);
    return response_->status;
  }

 private:
  Request request_;
  Mutex mu_;
  CondVar changed_;
  std::optional<Response> response_ GUARDED_BY(mu_);
};

TEST_F(ChainTest, ThoseWhoWaitAreServedInOrder) {
  config_.in_flight.wait = std::chrono::hours(1);
  chain_ = BuildFilterChain(Endpoint, config_);
  const std::string create = std::string(kList) + "?hold";
  Sent first(chain_, Make(create, "root", "POST"));
  ASSERT_EQ(Held().size(), 1u);
  Sent second(chain_, Make(kList, "root", "POST"));
  Request left = Make(kList, "root", "POST");
  left.ctx = Context().WithCancel();
  const Context client = left.ctx;
  Sent third(chain_, std::move(left));
  EXPECT_THAT(metrics::Expose(),
              HasSubstr("apiserver_current_inqueue_requests{request_kind=\"mutating\"} 2"));
  EXPECT_EQ(Send(Make(kList, "root", "POST")).status, 429);  // the line is full: at once
  EXPECT_EQ(Send(Make(kList)).status, 200);                  // another line

  client.Cancel();
  for (auto& finish : std::exchange(Held(), {})) finish(true);
  EXPECT_EQ(first.status(), 200);
  EXPECT_EQ(second.status(), 200);
  EXPECT_NE(third.status(), 200);  // nobody is there to be served
  EXPECT_EQ(Send(Make(kList, "root", "POST")).status, 200);
}

TEST_F(ChainTest, NobodyWaitsPastItsDeadline) {
  config_.in_flight.wait = std::chrono::hours(1);
  chain_ = BuildFilterChain(Endpoint, config_);
  Sent first(chain_, Make(std::string(kList) + "?hold", "root", "POST"));
  Sent patient(chain_, Make(kList, "root", "POST"));
  EXPECT_EQ(Send(Make(std::string(kList) + "?timeout=1ms", "root", "POST")).status, 429);
  for (auto& finish : std::exchange(Held(), {})) finish(true);
  EXPECT_EQ(first.status(), 200);
  EXPECT_EQ(patient.status(), 200);
}

TEST_F(ChainTest, InProcessRequestsKeepTheirUser) {
  Request request = Make(kList, "");
  request.in_process = true;
  request.user.name = "system:gantry:controller:node";
  request.user.groups = {"system:masters"};
  EXPECT_EQ(Send(request).body,
            "system:gantry:controller:node system:masters system:authenticated");
}

TEST_F(ChainTest, RequestsAreCounted) {
  Send(Make("/apis/counted.dev/v1/namespaces/a/widgets"));
  Send(Make("/apis/counted.dev/v1/namespaces/a/widgets"));
  const std::string text = metrics::Expose();
  EXPECT_THAT(text,
              HasSubstr("apiserver_request_total{code=\"200\",group=\"counted.dev\","
                        "resource=\"widgets\",subresource=\"\",verb=\"LIST\",version=\"v1\"} 2"));
  EXPECT_THAT(text, HasSubstr("apiserver_request_duration_seconds_count{group=\"counted.dev\""));
  EXPECT_THAT(text, HasSubstr("apiserver_current_inflight_requests{request_kind=\"readOnly\"}"));
}

TEST_F(ChainTest, WhatStrangersMakeUpGrowsNoMetrics) {
  Send(Make("/apis/made-up.dev/v1/namespaces/a/widgets", ""));
  Send(Make("/apis/made-up.dev/v1/namespaces/a/widgets/name", "x"));
  Send(Make("/apis/gantry.dev/v1/namespaces/a/services", "", "MADEUPVERB"));
  const std::string text = metrics::Expose();
  EXPECT_THAT(text, Not(HasSubstr("made-up.dev")));
  EXPECT_THAT(text, Not(HasSubstr("MADEUPVERB")));
}

}  // namespace
}  // namespace gantry::apiserver
