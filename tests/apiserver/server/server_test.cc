#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "apis/machinery/base/json.h"
#include "apiserver/filters/chain.h"
#include "apiserver/server/in_process_transport.h"
#include "apiserver/server/nonresource.h"

namespace gantry::apiserver {
namespace {

using ::testing::HasSubstr;

// Two pieces, the second only once Release was called; then pending for ever.
class SlowStream : public BodyStream {
 public:
  struct Shared {
    Mutex mu;
    bool released GUARDED_BY(mu) = false;
    std::function<void()> wake GUARDED_BY(mu);
    std::atomic<bool> destroyed = false;
    std::atomic<bool> waiting = false;
    Context ctx;
    void Release() {
      std::function<void()> call;
      {
        MutexLock lock(&mu);
        released = true;
        call = std::exchange(wake, nullptr);
      }
      if (call) call();
    }
  };
  explicit SlowStream(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  ~SlowStream() override { shared_->destroyed = true; }
  State Pull(std::string* out, size_t) override {
    MutexLock lock(&shared_->mu);
    if (next_ == 0) *out += "first";
    if (next_ == 1 && !shared_->released) return State::kPending;
    if (next_ == 1) *out += "second";
    if (next_ == 2) return State::kPending;
    ++next_;
    return State::kMore;
  }
  void OnReady(std::function<void()> wake) override {
    shared_->waiting = wake != nullptr;
    bool now = false;
    {
      MutexLock lock(&shared_->mu);
      now = wake && next_ == 1 && shared_->released;
      shared_->wake = now ? nullptr : wake;
    }
    if (now) wake();
  }

 private:
  const std::shared_ptr<Shared> shared_;
  int next_ = 0;
};

Task<Response> Endpoint(std::shared_ptr<SlowStream::Shared> shared, Request& request) {
  Response response;
  if (request.path.ends_with("/missing")) {
    response.status = 404;
    response.body = "not here";
  } else if (request.info.verb == "watch") {
    shared->ctx = request.ctx;
    response.stream = std::make_unique<SlowStream>(shared);
    response.long_running = true;
  } else {
    response.body = request.user.name + " " + request.info.verb + " " + request.remote + " " +
                    request.query.Get("x") + " " + request.body;
  }
  co_return std::move(response);
}

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() : authenticator_(NewX509Authenticator()), authorizer_(NewMastersAuthorizer()) {
    FilterConfig config;
    config.authenticator = authenticator_.get();
    config.authorizer = authorizer_.get();
    health_.Add("ping", false, [] { return OkStatus(); });
    health_.Add("store", false, [this] { return store_; });
    health_.Add("caches", true, [this] { return caches_; });
    Handler endpoint = [shared = shared_](Request& r) { return Endpoint(shared, r); };
    chain_ = BuildFilterChain(WithNonResourcePaths(std::move(endpoint), &health_, &backup_, &audit_,
                                                   &encryption_, nullptr, nullptr),
                              config);
    User user;
    user.name = "me";
    user.groups = {"system:masters"};
    transport_ = NewInProcessTransport(chain_, user);
  }
  client::HttpResponse Get(const std::string& target) {
    return transport_->Do(Context(), {"GET", target, {}, ""}).value();
  }

  const std::shared_ptr<SlowStream::Shared> shared_ = std::make_shared<SlowStream::Shared>();
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<Authorizer> authorizer_;
  HealthChecks health_;
  std::unique_ptr<store::Store> memory_ = store::OpenStore("memory:").value();
  BackupEndpoint backup_{memory_.get(), ""};
  AuditEndpoint audit_{nullptr};
  EncryptionEndpoint encryption_{nullptr, nullptr};
  Status store_;
  Status caches_;
  Handler chain_;
  std::shared_ptr<client::Transport> transport_;
};

TEST_F(ServerTest, InProcessRequestsPassAllFilters) {
  const auto made =
      transport_->Do(Context(), {"POST", "/api/v1/namespaces/a/configmaps?x=a%20b", {}, "body"});
  EXPECT_EQ(made->body, "me create in-process a b body");
  User other;
  other.name = "other";
  const auto denied = NewInProcessTransport(chain_, other);
  EXPECT_EQ(denied->Do(Context(), {"GET", "/api/v1/configmaps", {}, ""})->status, 403);
}

TEST_F(ServerTest, AStoreInMemoryGivesNoBackup) { EXPECT_EQ(Get("/backup").status, 405); }

TEST_F(ServerTest, WithoutAnAuditLogThereIsNoneToRead) { EXPECT_EQ(Get("/audit").status, 404); }

TEST_F(ServerTest, AStreamIsReadPieceByPiece) {
  auto opened =
      transport_->Stream(Context(), {"GET", "/api/v1/configmaps?watch=1", {}, ""}).value();
  EXPECT_EQ(opened.status, 200);
  EXPECT_EQ(opened.stream->Read().value(), "first");
  std::thread releaser([this] {
    while (!shared_->waiting) std::this_thread::yield();
    shared_->Release();
  });
  EXPECT_EQ(opened.stream->Read().value(), "second");
  releaser.join();
  EXPECT_FALSE(shared_->ctx.cancelled());
  opened.stream.reset();
  EXPECT_TRUE(shared_->destroyed);
  EXPECT_TRUE(shared_->ctx.cancelled());
}

TEST_F(ServerTest, CloseAndCancellationWakeAReader) {
  for (const bool by_context : {false, true}) {
    const Context ctx = Context().WithCancel();
    auto opened = transport_->Stream(ctx, {"GET", "/api/v1/configmaps?watch=1", {}, ""}).value();
    shared_->waiting = false;
    EXPECT_EQ(opened.stream->Read().value(), "first");
    std::thread closer([&] {
      while (!shared_->waiting) std::this_thread::yield();
      if (by_context) {
        ctx.Cancel();
      } else {
        opened.stream->Close();
      }
    });
    EXPECT_EQ(opened.stream->Read().code(), Code::kCancelled);
    closer.join();
  }
}

TEST_F(ServerTest, AFailedStreamHasItsBody) {
  const auto opened =
      transport_->Stream(Context(), {"GET", "/api/v1/configmaps/missing", {}, ""}).value();
  EXPECT_EQ(opened.status, 404);
  EXPECT_EQ(opened.error_body, "not here");
  EXPECT_FALSE(opened.stream);
}

TEST_F(ServerTest, ACancelledCallerGetsAnError) {
  const Context ctx = Context().WithCancel();
  ctx.Cancel();
  EXPECT_EQ(transport_->Do(ctx, {"GET", "/version", {}, ""}).code(), Code::kCancelled);
}

TEST_F(ServerTest, HealthSaysWhichCheckFails) {
  EXPECT_EQ(Get("/healthz").body, "ok");
  EXPECT_EQ(Get("/readyz").body, "ok");
  EXPECT_EQ(Get("/readyz?verbose").body,
            "[+]ping ok\n[+]store ok\n[+]caches ok\nreadyz check passed\n");
  caches_ = Error(Code::kUnavailable, "loading");
  EXPECT_EQ(Get("/livez").status, 200);
  EXPECT_EQ(Get("/livez?verbose").body, "[+]ping ok\n[+]store ok\nlivez check passed\n");
  const auto failing = Get("/readyz");
  EXPECT_EQ(failing.status, 500);
  EXPECT_EQ(failing.body,
            "[+]ping ok\n[+]store ok\n[-]caches failed: loading\nreadyz check failed\n");
  EXPECT_EQ(Get("/readyz/store").status, 200);
  EXPECT_EQ(Get("/readyz/caches").status, 500);
  EXPECT_EQ(Get("/readyz/nothing").status, 404);
}

TEST_F(ServerTest, VersionIsWhatClientsParse) {
  const auto version = ParseJson(Get("/version").body).value();
  EXPECT_EQ(version["major"], "1");
  EXPECT_EQ(version["minor"], "32");
  EXPECT_THAT(version["gitVersion"].get<std::string>(),
              ::testing::MatchesRegex("v1\\.[0-9]+\\.[0-9]+\\+[-.0-9a-z]+"));
}

TEST_F(ServerTest, MetricsAreText) {
  Get("/healthz");
  const auto metrics = Get("/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_THAT(metrics.body, HasSubstr("apiserver_request_total{"));
}

}  // namespace
}  // namespace gantry::apiserver
