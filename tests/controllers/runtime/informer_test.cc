#include "controllers/runtime/informer.h"

#include <gtest/gtest.h>

#include "apis/gantry.dev/v1/resources.h"
#include "tests/controllers/runtime/scripted_transport.h"

namespace gantry::runtime {
namespace {

using namespace std::chrono_literals;

Json ConfigMap(const std::string& name, int revision, const std::string& uid = "") {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata",
           {{"name", name},
            {"namespace", "default"},
            {"uid", uid.empty() ? "uid-" + name : uid},
            {"resourceVersion", std::to_string(revision)},
            {"labels", {{"gantry.dev/service", "web"}}},
            {"managedFields", Json::array({{{"manager", "x"}}})}}},
          {"data", {{"k", std::to_string(revision)}}}};
}

Json ListOf(std::vector<Json> items, int revision, const std::string& next = "") {
  Json meta = {{"resourceVersion", std::to_string(revision)}};
  if (!next.empty()) meta["continue"] = next;
  return {{"apiVersion", "v1"}, {"kind", "ConfigMapList"}, {"metadata", meta}, {"items", items}};
}

Json StatusObject(int code, const std::string& reason) {
  return {{"kind", "Status"}, {"apiVersion", "v1"}, {"status", "Failure"},
          {"code", code},     {"reason", reason},   {"message", reason}};
}

// Lists and watches are answered from scripts; the last entry of `lists` repeats.
class InformerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    transport_ = std::make_shared<ScriptedTransport>();
    transport_->on_request = [this](const client::HttpRequest& request) {
      MutexLock lock(&mu_);
      targets_.push_back(request.target);
      const auto answer = lists_.front();
      if (lists_.size() > 1) lists_.pop_front();
      return answer;
    };
    transport_->on_watch = [this](const client::HttpRequest& request) {
      MutexLock lock(&mu_);
      targets_.push_back(request.target);
      auto stream = std::make_shared<ScriptedStream::State>();
      streams_.push_back(stream);
      return ScriptedTransport::Stream200(stream);
    };
  }
  void TearDown() override {
    if (informer_) informer_->Stop();
  }
  void Script(Result<client::HttpResponse> list) {
    MutexLock lock(&mu_);
    lists_.push_back(std::move(list));
  }
  void Start(InformerOptions options = {}) {
    options.min_backoff = 1ms;
    options.max_backoff = 2ms;
    options.page_size = 2;
    informer_ = std::make_unique<Informer>(client::Client(transport_, "test"), v1::kConfigMaps,
                                           Clock::Real(), Random::Real(), options);
    informer_->AddHandler([this](const ObjectPtr& before, const ObjectPtr& after) {
      MutexLock lock(&mu_);
      const Object& o = after ? *after : *before;
      seen_.push_back((!before  ? "+"
                       : !after ? "-"
                                : "~") +
                      std::string(o.name()) + "@" + std::string(o.resource_version()));
    });
    informer_->Start();
  }
  std::vector<std::string> Seen() {
    MutexLock lock(&mu_);
    return seen_;
  }
  std::shared_ptr<ScriptedStream::State> Stream(size_t n) {
    Eventually([&] {
      MutexLock lock(&mu_);
      return streams_.size() > n;
    });
    MutexLock lock(&mu_);
    return streams_.at(n);
  }
  std::string Target(size_t n) {
    MutexLock lock(&mu_);
    return targets_.at(n);
  }
  static void Eventually(const std::function<bool()>& holds) {
    const Context limit = Context().WithTimeout(20s);
    while (!holds()) ASSERT_TRUE(limit.SleepFor(1ms).ok()) << "the state did not come";
  }
  void EventuallySeen(const std::vector<std::string>& want) {
    Eventually([&] { return Seen().size() >= want.size(); });
    EXPECT_EQ(Seen(), want);
  }
  bool Mentions(const std::string& target, const std::string& part) {
    return target.find(part) != std::string::npos;
  }

  std::shared_ptr<ScriptedTransport> transport_;
  Mutex mu_;
  std::deque<Result<client::HttpResponse>> lists_ GUARDED_BY(mu_);
  std::vector<std::shared_ptr<ScriptedStream::State>> streams_ GUARDED_BY(mu_);
  std::vector<std::string> targets_ GUARDED_BY(mu_);
  std::vector<std::string> seen_ GUARDED_BY(mu_);
  std::unique_ptr<Informer> informer_;
};

TEST_F(InformerTest, ListsByPagesThenWatchesFromTheListsRevision) {
  Script(ScriptedTransport::Json200(ListOf({ConfigMap("a", 3), ConfigMap("b", 4)}, 10, "next")));
  Script(ScriptedTransport::Json200(ListOf({ConfigMap("c", 5)}, 10)));
  Start();
  ASSERT_TRUE(informer_->WaitForSync(Context().WithTimeout(20s)).ok());
  auto stream = Stream(0);
  EXPECT_TRUE(Mentions(Target(1), "continue=next"));
  EXPECT_TRUE(Mentions(Target(2), "resourceVersion=10"));
  stream->Send("ADDED", ConfigMap("d", 11));
  stream->Send("MODIFIED", ConfigMap("a", 12));
  stream->Send("DELETED", ConfigMap("b", 13));
  EventuallySeen({"+a@3", "+b@4", "+c@5", "+d@11", "~a@12", "-b@13"});
  Eventually([&] { return informer_->lister().revision() == 13; });

  const Lister& lister = informer_->lister();
  EXPECT_EQ(lister.size(), 3u);
  const ObjectPtr a = lister.Get({"default", "a"});
  ASSERT_TRUE(a);
  EXPECT_EQ(GetString(a->json()["data"], "k"), "12");
  EXPECT_FALSE(a->meta().contains("managedFields"));
  EXPECT_EQ(lister.ByService("default", "web").size(), 3u);
  EXPECT_EQ(lister.InNamespace("other").size(), 0u);
}

TEST_F(InformerTest, MayKeepOwnersOnly) {
  Json owned = ConfigMap("a", 3);
  owned["metadata"]["uid"] = "u";
  owned["metadata"]["ownerReferences"] =
      Json::array({{{"apiVersion", "v1"}, {"kind", "Secret"}, {"name", "s"}, {"uid", "o"}}});
  Script(ScriptedTransport::Json200(ListOf({owned}, 10)));
  InformerOptions options;
  options.ownership_only = true;
  Start(options);
  EventuallySeen({"+a@3"});
  const ObjectPtr a = informer_->lister().Get({"default", "a"});
  ASSERT_TRUE(a);
  ASSERT_EQ(a->owner_references().size(), 1u);
  EXPECT_EQ(a->owner_references()[0].uid, "o");
  EXPECT_EQ(a->uid(), "u");
  EXPECT_FALSE(a->json().contains("data"));
  EXPECT_FALSE(a->meta().contains("labels"));
  EXPECT_EQ(informer_->lister().ByService("default", "web").size(), 0u);
}

TEST_F(InformerTest, ResumesABrokenWatchFromTheLastRevisionBookmarksIncluded) {
  Script(ScriptedTransport::Json200(ListOf({ConfigMap("a", 3)}, 10)));
  Start();
  auto first = Stream(0);
  first->Send("MODIFIED", ConfigMap("a", 12));
  first->Send(
      "BOOKMARK",
      {{"kind", "ConfigMap"}, {"apiVersion", "v1"}, {"metadata", {{"resourceVersion", "20"}}}});
  Eventually([&] { return informer_->lister().revision() == 20; });
  first->End();
  auto second = Stream(1);
  EXPECT_TRUE(Mentions(Target(2), "resourceVersion=20")) << Target(2);
  second->Send("ADDED", ConfigMap("b", 21));
  EventuallySeen({"+a@3", "~a@12", "+b@21"});
}

TEST_F(InformerTest, ListsAgainWhenHistoryIsGoneAndTellsTheDifference) {
  Script(ScriptedTransport::Json200(ListOf({ConfigMap("a", 3), ConfigMap("b", 4)}, 10)));
  Script(ScriptedTransport::Json200(ListOf({ConfigMap("b", 4), ConfigMap("c", 30)}, 40)));
  Start();
  Stream(0)->Send("ERROR", StatusObject(410, "Expired"));
  auto second = Stream(1);
  EXPECT_TRUE(Mentions(Target(3), "resourceVersion=40")) << Target(3);
  EventuallySeen({"+a@3", "+b@4", "-a@3", "+c@30"});
}

TEST_F(InformerTest, AnObjectMadeAnewBetweenTwoListsIsDeletedAndAdded) {
  Script(ScriptedTransport::Json200(ListOf({ConfigMap("a", 3, "one")}, 10)));
  Script(ScriptedTransport::Json200(ListOf({ConfigMap("a", 30, "two")}, 40)));
  Start();
  Stream(0)->Send("ERROR", StatusObject(410, "Expired"));
  EventuallySeen({"+a@3", "-a@3", "+a@30"});
}

TEST_F(InformerTest, KeepsTryingUntilTheServerAnswers) {
  Script(Error(Code::kUnavailable, "connection refused"));
  Script(ScriptedTransport::Failure(500, "InternalError"));
  Script(ScriptedTransport::Json200(ListOf({ConfigMap("a", 3)}, 10)));
  Start();
  ASSERT_TRUE(informer_->WaitForSync(Context().WithTimeout(20s)).ok());
  EXPECT_EQ(Seen(), std::vector<std::string>{"+a@3"});
}

TEST_F(InformerTest, WaitForSyncEndsWithItsContext) {
  Script(Error(Code::kUnavailable, "connection refused"));
  Start();
  const Context ctx = Context().WithCancel();
  ctx.Cancel();
  EXPECT_EQ(informer_->WaitForSync(ctx).code(), Code::kCancelled);
}

TEST_F(InformerTest, ALateHandlerSeesWhatThereIs) {
  Script(ScriptedTransport::Json200(ListOf({ConfigMap("a", 3), ConfigMap("b", 4)}, 10)));
  Start();
  ASSERT_TRUE(informer_->WaitForSync(Context().WithTimeout(20s)).ok());
  std::vector<std::string> names;
  informer_->AddHandler([&](const ObjectPtr& before, const ObjectPtr& after) {
    EXPECT_FALSE(before);
    names.push_back(std::string(after->name()));
  });
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace gantry::runtime
