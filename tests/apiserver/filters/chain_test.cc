#include "apiserver/filters/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "apis/machinery/base/json.h"
#include "apis/machinery/base/metrics.h"
#include "apiserver/filters/running.h"
#include "apiserver/http/line_budget.h"
#include "apiserver/http/status_response.h"

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
    config_.running = &running_;
    config_.served = [](const RequestInfo& info) { return info.group == "counted.dev"; };
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
  RunningRequests running_;
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
              HasSubstr("apiserver_request_total{code=\"200\",component=\"apiserver\",dry_run="
                        "\"\",group=\"counted.dev\",resource=\"widgets\",scope=\"namespace\","
                        "subresource=\"\",verb=\"LIST\",version=\"v1\"} 2"));
  EXPECT_THAT(text, HasSubstr("apiserver_request_duration_seconds_count{component=\"apiserver\","
                              "dry_run=\"\",group=\"counted.dev\""));
  EXPECT_THAT(text, HasSubstr("apiserver_response_sizes_count{component=\"apiserver\",group="
                              "\"counted.dev\",resource=\"widgets\""));
  EXPECT_THAT(text, HasSubstr("apiserver_current_inflight_requests{request_kind=\"readOnly\"}"));
}

TEST_F(ChainTest, VerbsAndScopesAreKubernetes) {
  const std::string item = "/apis/counted.dev/v1/namespaces/a/verbs/one";
  struct Case {
    const char* method;
    std::string target;
    const char* content_type;
    const char* scope;
    const char* verb;
  };
  const std::string all = "/apis/counted.dev/v1/verbs";
  const std::vector<Case> cases = {
      {"GET", item, "", "resource", "GET"},
      {"GET", all, "", "cluster", "LIST"},
      {"GET", all + "?watch=1", "", "cluster", "WATCH"},
      {"POST", "/apis/counted.dev/v1/namespaces/a/verbs?dryRun=All", "", "resource", "POST"},
      {"PUT", item, "", "resource", "PUT"},
      {"PATCH", item, "application/merge-patch+json", "resource", "PATCH"},
      {"PATCH", item, "application/apply-patch+yaml", "resource", "APPLY"},
      {"DELETE", item, "", "resource", "DELETE"},
      {"DELETE", "/apis/counted.dev/v1/namespaces/a/verbs", "", "namespace", "DELETECOLLECTION"},
  };
  for (const Case& c : cases) {
    Request request = Make(c.target, "root", c.method);
    request.headers.Set("Content-Type", c.content_type);
    EXPECT_EQ(Send(std::move(request)).status, 200);
    const bool dry = c.target.find("dryRun") != std::string::npos;
    EXPECT_THAT(
        metrics::Expose(),
        HasSubstr(fmt::format("apiserver_request_total{{code=\"200\",component=\"apiserver\","
                              "dry_run=\"{}\",group=\"counted.dev\",resource=\"verbs\","
                              "scope=\"{}\",subresource=\"\",verb=\"{}\",version=\"v1\"}} 1",
                              dry ? "All" : "", c.scope, c.verb)));
  }
}

TEST_F(ChainTest, ClientsMayChooseShortPlainIds) {
  struct Case {
    std::string asked;
    bool taken;
  };
  const std::vector<Case> cases = {{"3f2a-77.b:c_9", true},
                                   {std::string(64, 'a'), true},
                                   {std::string(65, 'a'), false},
                                   {"", false},
                                   {"a b", false},
                                   {"<script>", false},
                                   {"a\nlevel=error", false}};
  for (const Case& c : cases) {
    for (const char* query : {"", "?throw", "?timeout=soon"}) {
      Request request = Make(std::string(kList) + query);
      request.headers.Set("Audit-ID", c.asked);
      const Response response = Send(std::move(request));
      const std::string id(response.headers.Get("Audit-Id"));
      EXPECT_EQ(id == c.asked, c.taken) << c.asked;
      EXPECT_EQ(id.size(), c.taken ? c.asked.size() : 36u);
    }
  }
  // Also who is not let in gets one.
  EXPECT_EQ(Send(Make(kList, "")).headers.Get("Audit-Id").size(), 36u);
  EXPECT_EQ(Send(Make(kList, "x")).headers.Get("Audit-Id").size(), 36u);
}

TEST_F(ChainTest, LinesNameTheRequest) {
  struct Case {
    Request request;
    std::string want;
  };
  std::vector<Case> cases;
  cases.push_back({Make(std::string(kList) + "?throw"), "request failed"});
  cases.push_back({Make(kList, "x"), "request refused"});
  cases.push_back({Make(kList, ""), "request refused"});
  for (Case& c : cases) {
    c.request.headers.Set("Audit-Id", "the-id-of-this-one");
    c.request.headers.Set("User-Agent", "kubectl/v1.32");
    c.request.remote = "10.1.2.3:44";
    const std::string user = c.request.peer_common_name;
    ::testing::internal::CaptureStderr();
    const Response response = Send(std::move(c.request));
    const std::string log = ::testing::internal::GetCapturedStderr();
    EXPECT_THAT(log, HasSubstr(c.want));
    EXPECT_THAT(log, HasSubstr("id=the-id-of-this-one"));
    EXPECT_THAT(log, HasSubstr("verb=list"));
    EXPECT_THAT(log, AllOf(HasSubstr("uri="), HasSubstr(kList)));
    EXPECT_THAT(log, HasSubstr("code=" + std::to_string(response.status)));
    EXPECT_THAT(log, HasSubstr("from=10.1.2.3:44"));
    EXPECT_THAT(log, HasSubstr("took="));
    EXPECT_THAT(log, HasSubstr("kubectl/v1.32"));
    if (response.status == 403) {
      EXPECT_THAT(log, HasSubstr("user=" + user));
    }
  }
  ::testing::internal::CaptureStderr();
  Send(Make(kList));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(ChainTest, ASlowRequestIsLoggedWithItsSteps) {
  config_.slow = Duration::zero();
  chain_ = BuildFilterChain(Endpoint, config_);
  ::testing::internal::CaptureStderr();
  Send(Make(kList));
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("slow request"));
  for (const char* step : {"authentication ", "place ", "the rest "})
    EXPECT_THAT(log, HasSubstr(step));
}

TEST_F(ChainTest, UrisAreShownWithoutWhatMayBeSecret) {
  const Request request = Make(
      "/apis/gantry.dev/v1/namespaces/a/containers/c/"
      "exec?command=mysql&command=-psecret&tty=true&access_token=abc&watch=1&x=");
  const std::string uri = LoggableUri(request);
  EXPECT_EQ(uri,
            "/apis/gantry.dev/v1/namespaces/a/containers/c/exec?command=<hidden>&command=<hidden>&"
            "tty=true&access_token=<hidden>&watch=1&x=");
  Request long_one =
      Make("/" + std::string(5000, 'p') + "?labelSelector=" + std::string(5000, 'v'));
  for (int i = 0; i < 100; ++i) long_one.query = Query::Parse(std::string(3000, '&') + "a=1&b=2");
  EXPECT_LT(LoggableUri(long_one).size(), 6000u);
}

TEST_F(ChainTest, RunningRequestsAreListed) {
  Request held = Make(std::string(kList) + "?hold&token=abc", "root", "POST");
  held.headers.Set("Audit-Id", "held-one");
  held.remote = "10.0.0.9:1";
  {
    Sent sent(chain_, std::move(held));
    const auto report = running_.Oldest(RunningRequests::Sort::kShort, 10, Clock::Real()->Mono());
    ASSERT_EQ(report.oldest.size(), 1u);
    EXPECT_EQ(report.oldest[0].id, "held-one");
    EXPECT_EQ(report.oldest[0].user, "root");
    EXPECT_EQ(report.oldest[0].from, "10.0.0.9:1");
    EXPECT_EQ(report.oldest[0].info.verb, "create");
    EXPECT_EQ(report.oldest[0].uri, std::string(kList) + "?hold=&token=<hidden>");
    EXPECT_EQ(running_.Oldest(RunningRequests::Sort::kShort, 0, Clock::Real()->Mono()).total, 1u);
    for (auto& finish : std::exchange(Held(), {})) finish(true);
    EXPECT_EQ(sent.status(), 200);
  }
  EXPECT_EQ(running_.Oldest(RunningRequests::Sort::kShort, 10, Clock::Real()->Mono()).total, 0u);
  EXPECT_EQ(Send(Make(std::string(kList) + "?throw")).status, 500);
  EXPECT_EQ(running_.Oldest(RunningRequests::Sort::kShort, 10, Clock::Real()->Mono()).total, 0u);
}

class EndlessStream : public BodyStream {
 public:
  State Pull(std::string* out, size_t) override {
    *out += "12345";
    return State::kPending;
  }
  void OnReady(std::function<void()>) override {}
};

TEST_F(ChainTest, StreamsAreListedUntilTheyEnd) {
  chain_ = BuildFilterChain(
      [](Request&) {
        Response response;
        response.stream = std::make_unique<EndlessStream>();
        response.long_running = true;
        return Ready(std::move(response));
      },
      config_);
  const std::string gauge =
      "apiserver_longrunning_requests{component=\"apiserver\",group=\"counted.dev\",resource="
      "\"streams\",scope=\"cluster\",subresource=\"\",verb=\"WATCH\",version=\"v1\"} ";
  const auto list = [this] {
    return running_.Oldest(RunningRequests::Sort::kLongRunning, 10, Clock::Real()->Mono());
  };
  {
    // The request is gone before the stream is.
    const Response response =
        Send(Make("/apis/counted.dev/v1/streams?watch=1&labelSelector=a%3Db"));
    std::string out;
    response.stream->Pull(&out, 100);
    ASSERT_EQ(list().oldest.size(), 1u);
    EXPECT_EQ(list().oldest[0].bytes, 5u);
    EXPECT_EQ(list().oldest[0].selector, "a=b");
    EXPECT_EQ(list().oldest[0].info.resource, "streams");
    EXPECT_THAT(metrics::Expose(), HasSubstr(gauge + "1"));
  }
  EXPECT_EQ(list().total, 0u);
  EXPECT_THAT(metrics::Expose(), HasSubstr(gauge + "0"));
}

TEST_F(ChainTest, WhoLooksAtTheServerDoesNotStandInLine) {
  config_.in_flight = {0, 0, 0, std::chrono::hours(1)};
  chain_ = BuildFilterChain(Endpoint, config_);
  EXPECT_EQ(Send(Make(kList)).status, 429);
  for (const char* path : {"/healthz", "/readyz", "/metrics", "/debug/gantry"})
    EXPECT_EQ(Send(Make(path)).status, 200) << path;
}

TEST(LineBudgetTest, ABurstAndThenSoManyASecond) {
  LineBudget budget;
  const MonoTime begin = Clock::Real()->Mono();
  int lines = 0;
  for (int i = 0; i < 1000; ++i) lines += budget.Take(begin);
  EXPECT_EQ(lines, LineBudget::kBurst);
  lines = 0;
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 1000; ++i) lines += budget.Take(begin + std::chrono::seconds(1));
  EXPECT_EQ(lines, LineBudget::kPerSecond);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("count=800"));
}

TEST_F(ChainTest, WhatStrangersMakeUpGrowsNoMetrics) {
  Send(Make("/apis/made-up.dev/v1/namespaces/a/widgets", ""));
  Send(Make("/apis/made-up.dev/v1/namespaces/a/widgets/name", "x"));
  Send(Make("/apis/gantry.dev/v1/namespaces/a/services", "", "MADEUPVERB"));
  const std::string text = metrics::Expose();
  EXPECT_THAT(text, Not(HasSubstr("made-up.dev")));
  EXPECT_THAT(text, Not(HasSubstr("MADEUPVERB")));
}

TEST_F(ChainTest, NothingThatClientsInventMakesSeries) {
  const auto send_all = [this](int i) {
    const std::string n = std::to_string(i);
    Send(Make("/no/such/path" + n));
    Send(Make("/api/v1/namespaces/n" + n + "/things" + n + "/o" + n));
    Send(Make("/apis/g" + n + ".dev/v1/r" + n));
    Send(Make("/apis/g" + n + ".dev/v1/r" + n + "/o/sub" + n, "root", "PUT"));
    // A resource that is served, with names, selectors and methods of the client.
    Send(Make("/apis/counted.dev/v1/namespaces/n" + n + "/widgets/o" + n));
    Send(Make("/apis/counted.dev/v1/widgets?fieldSelector=metadata.name%3Dx" + n));
    Send(Make("/apis/counted.dev/v1/widgets", "root", "METHOD" + n));
    Send(Make("/healthz/" + n));
  };
  const auto lines = [] {
    const std::string text = metrics::Expose();
    return std::count(text.begin(), text.end(), '\n');
  };
  send_all(0);
  const auto before = lines();
  for (int i = 1; i < 50; ++i) send_all(i);
  EXPECT_EQ(lines(), before);
}

}  // namespace
}  // namespace gantry::apiserver
