#include "apiserver/filters/revocation.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "apiserver/filters/filters.h"
#include "apiserver/http/status_response.h"

namespace gantry::apiserver {
namespace {

// What is allowed may be taken back: by verb, for whoever asks.
class Policy : public Authorizer {
 public:
  bool Decide(const AccessRequest& access, std::string*) const override {
    return access.info.verb == "impersonate" ? impersonate.load() && access.user.name == "ann"
                                             : watch.load();
  }
  std::atomic<bool> impersonate{true};
  std::atomic<bool> watch{true};
};

class Tokens : public Authenticator {
 public:
  Result<std::optional<User>> Authenticate(const Request&) const override {
    return std::optional<User>(User{"ann", "", {}, {}});
  }
  bool IsWithdrawn(const Request& request) const override {
    return withdrawn && request.headers.Get("Authorization") == "Bearer ann";
  }
  std::atomic<bool> withdrawn{false};
};

// Has nothing to say, ever.
class Silence : public BodyStream {
 public:
  State Pull(std::string*, size_t) override { return State::kPending; }
  void OnReady(std::function<void()>) override {}
};

class Revoked : public testing::Test {
 protected:
  // A watch by ann, as somebody else if `as` is not empty.
  void Watch(const std::string& as) {
    Request request;
    request.info.is_resource = true;
    request.info.verb = "watch";
    request.info.resource = "configmaps";
    request.user.name = "ann";
    request.headers.Add("authorization", "Bearer ann");
    if (!as.empty()) request.headers.Add("impersonate-user", as);
    const Handler handler = WithImpersonation(WithRevocation(
                                                  [](Request&) {
                                                    Response response;
                                                    response.stream = std::make_unique<Silence>();
                                                    return Ready(std::move(response));
                                                  },
                                                  &revocations_),
                                              &policy_);
    response_ = RunBlocking(handler(request));
    ASSERT_NE(response_.stream, nullptr);
    response_.stream->OnReady([this] { ended_.set_value(); });
    std::string out;
    ASSERT_EQ(response_.stream->Pull(&out, 100), BodyStream::State::kPending);
  }
  void EndsAfter(const std::function<void()>& change) {
    change();
    ++generation_;
    ended_.get_future().wait();
    std::string out;
    EXPECT_EQ(response_.stream->Pull(&out, 100), BodyStream::State::kEnd);
  }

  Policy policy_;
  Tokens tokens_;
  std::atomic<uint64_t> generation_{1};
  std::promise<void> ended_;
  Revocations revocations_{&tokens_, &policy_, [this] { return generation_.load(); },
                           std::chrono::milliseconds(1)};
  Response response_;
};

TEST_F(Revoked, TheRightToWatch) {
  Watch("");
  EndsAfter([this] { policy_.watch = false; });
}

TEST_F(Revoked, TheToken) {
  Watch("");
  EndsAfter([this] { tokens_.withdrawn = true; });
}

TEST_F(Revoked, TheTokenOfWhoImpersonates) {
  Watch("bob");
  EndsAfter([this] { tokens_.withdrawn = true; });
}

TEST_F(Revoked, TheRightToImpersonate) {
  Watch("bob");
  EndsAfter([this] { policy_.impersonate = false; });
}

}  // namespace
}  // namespace gantry::apiserver
