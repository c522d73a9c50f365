#include "controllers/runtime/controller.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "apis/gantry.dev/v1/resources.h"
#include "controllers/runtime/event_recorder.h"
#include "controllers/runtime/lease.h"
#include "controllers/runtime/own_writes.h"
#include "controllers/runtime/status_patch.h"
#include "tests/controllers/runtime/scripted_transport.h"

namespace gantry::runtime {
namespace {

using namespace std::chrono_literals;

class ScriptedReconciler : public Reconciler {
 public:
  explicit ScriptedReconciler(std::function<Result<Requeue>()> fn) : fn_(std::move(fn)) {}
  Result<Requeue> Reconcile(const Context&, const ObjectKey&) override { return fn_(); }

 private:
  const std::function<Result<Requeue>()> fn_;
};

// How long after a reconcile with this outcome the key comes back; nothing: never.
std::optional<int64_t> ComesBackAfterMs(std::function<Result<Requeue>()> fn) {
  FakeClock clock{WallTime()};
  Controller c("test", std::make_unique<ScriptedReconciler>(std::move(fn)), &clock);
  c.Enqueue({"", "a"});
  EXPECT_TRUE(c.ReconcileOneForTest({}));
  for (int64_t ms = 0; ms <= 100'000; ms += 5) {
    if (c.ReconcileOneForTest({})) return ms;
    clock.Advance(5ms);
  }
  return std::nullopt;
}

TEST(ControllerTest, OutcomesDecideWhenAKeyComesBack) {
  EXPECT_EQ(ComesBackAfterMs([] { return Requeue::Never(); }), std::nullopt);
  EXPECT_EQ(ComesBackAfterMs([] { return Requeue::Now(); }), 5);
  EXPECT_EQ(ComesBackAfterMs([] { return Requeue::After(3s); }), 3000);
  EXPECT_EQ(ComesBackAfterMs([] { return Error(Code::kUnavailable, "x"); }), 5);
  EXPECT_EQ(ComesBackAfterMs([]() -> Result<Requeue> {
              return TerminalError(Error(Code::kInvalid, "x")).Wrap("outer");
            }),
            std::nullopt);
  EXPECT_EQ(ComesBackAfterMs([]() -> Result<Requeue> { throw std::runtime_error("x"); }), 5);
}

Object Service(const std::string& name, int revision) {
  Object o(v1::kServices.gvk(), {"default", name});
  o.Meta()["uid"] = "uid-" + name;
  o.set_resource_version(std::to_string(revision));
  return o;
}

ObjectPtr Ptr(Object o) { return std::make_shared<const Object>(std::move(o)); }

TEST(MapTest, OwnersAndLabels) {
  Object owned(v1::kContainers.gvk(), {"default", "c"});
  owned.set_owner(Service("web", 1).MakeOwnerReference());
  owned.set_label("l", "x");
  const auto keys = [&](const MapFunction& map) { return map(nullptr, Ptr(owned)); };
  EXPECT_EQ(keys(MapSelf()), (std::vector<ObjectKey>{{"default", "c"}}));
  EXPECT_EQ(keys(MapControllerOwner(v1::kServices)), (std::vector<ObjectKey>{{"default", "web"}}));
  EXPECT_TRUE(keys(MapControllerOwner(v1::kApplications)).empty());
  EXPECT_EQ(keys(MapLabel("l")), (std::vector<ObjectKey>{{"default", "x"}}));
}

TEST(OwnWritesTest, ShowsWhatTheCacheDoesNotShowYet) {
  ObjectStore cache;
  OwnWrites own(&cache);
  const ObjectKey owner{"default", "o"};
  const auto names = [&] {
    std::string out;
    for (const ObjectPtr& o : own.Overlay(owner, cache.List())) out += std::string(o->name()) + " ";
    return out;
  };
  cache.Put(Ptr(Service("a", 5)));
  cache.set_revision(5);
  own.Wrote(owner, Service("b", 7));
  EXPECT_EQ(names(), "a b ");
  own.Deleted(owner, Service("a", 5), Object());
  EXPECT_EQ(names(), "b ");
  // The cache catches up step by step; nothing flickers.
  cache.Put(Ptr(Service("b", 7)));
  cache.set_revision(7);
  EXPECT_EQ(names(), "b ");
  cache.Remove({"default", "a"});
  cache.set_revision(8);
  EXPECT_EQ(names(), "b ");
  // From now on the cache alone counts.
  cache.Remove({"default", "b"});
  cache.set_revision(9);
  EXPECT_EQ(names(), "");
}

TEST(OwnWritesTest, AWriteThatTheCacheHasPassedIsForgotten) {
  ObjectStore cache;
  OwnWrites own(&cache);
  own.Wrote({"", "o"}, Service("b", 7));
  cache.set_revision(9);  // made and removed by somebody before we looked
  EXPECT_TRUE(own.Overlay({"", "o"}, {}).empty());
}

TEST(OwnWritesTest, ADeletionWithFinalizersShowsTheObjectGoing) {
  ObjectStore cache;
  OwnWrites own(&cache);
  cache.Put(Ptr(Service("a", 5)));
  cache.set_revision(5);
  Object going = Service("a", 6);
  going.set_finalizers({"f"});
  going.Meta()["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  own.Deleted({"", "o"}, Service("a", 5), going);
  const auto seen = own.Overlay({"", "o"}, cache.List());
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_TRUE(seen[0]->deleting());
}

// Records requests and answers each with the next scripted response, then with an empty object.
struct Recording {
  std::shared_ptr<ScriptedTransport> transport = std::make_shared<ScriptedTransport>();
  Mutex mu;
  std::vector<client::HttpRequest> requests GUARDED_BY(mu);
  std::deque<client::HttpResponse> answers GUARDED_BY(mu);
  Recording() {
    transport->on_request = [this](const client::HttpRequest& r) -> Result<client::HttpResponse> {
      MutexLock lock(&mu);
      requests.push_back(r);
      if (answers.empty()) return ScriptedTransport::Json200(Json::object());
      client::HttpResponse answer = std::move(answers.front());
      answers.pop_front();
      return answer;
    };
  }
  client::Client Client() { return client::Client(transport, "test"); }
  size_t count() {
    MutexLock lock(&mu);
    return requests.size();
  }
  std::string Line(size_t n) {
    MutexLock lock(&mu);
    return requests.at(n).method + " " +
           requests.at(n).target.substr(0, requests.at(n).target.find('?'));
  }
  Json Body(size_t n) {
    MutexLock lock(&mu);
    return *ParseJson(requests.at(n).body);
  }
};

TEST(StatusPatchTest, SendsOnceAndOnlyWhatChanged) {
  Recording api;
  const client::Client client = api.Client();
  FakeClock clock{WallTime()};
  Object o = Service("web", 5);
  o.set_generation(3);
  o.mutable_status() = {{"replicas", 1}, {"old", true}, {"nodes", {{"a", 1}, {"b", 2}}}};
  StatusPatch patch(client, v1::kServices, Ptr(o), &clock);
  patch.status()["replicas"] = 2;
  patch.status()["old"] = nullptr;
  patch.status()["nodes"]["b"] = 3;
  patch.SetCondition("Ready", true, "Fine", "all well");
  ASSERT_TRUE(patch.Flush({}).ok());
  ASSERT_EQ(api.count(), 1u);
  EXPECT_EQ(api.Line(0), "PATCH /apis/gantry.dev/v1/namespaces/default/services/web/status");
  const Json body = api.Body(0);
  EXPECT_EQ(body["metadata"]["resourceVersion"], "5");
  const Json& status = body["status"];
  EXPECT_EQ(status["replicas"], 2);
  EXPECT_TRUE(status["old"].is_null());
  EXPECT_EQ(status["nodes"], Json({{"b", 3}}));
  EXPECT_EQ(status["observedGeneration"], 3);
  EXPECT_EQ(status["conditions"][0]["reason"], "Fine");
}

TEST(StatusPatchTest, NothingChangedNothingSent) {
  Recording api;
  const client::Client client = api.Client();
  FakeClock clock{WallTime()};
  Object o = Service("web", 5);
  o.set_generation(3);
  o.mutable_status() = {{"observedGeneration", 3}};
  SetCondition(&o.mutable_status(), {"Ready", "True", "Fine", "", 3}, clock.Now());
  clock.Advance(1h);
  StatusPatch patch(client, v1::kServices, Ptr(o), &clock);
  patch.SetCondition("Ready", true, "Fine", "");
  patch.status()["absent"] = nullptr;
  EXPECT_TRUE(patch.Finish({}, Requeue::Never()).ok());
  EXPECT_EQ(api.count(), 0u);
}

TEST(StatusPatchTest, TheErrorOfTheWorkWins) {
  Recording api;
  const client::Client client = api.Client();
  FakeClock clock{WallTime()};
  StatusPatch patch(client, v1::kServices, Ptr(Service("web", 5)), &clock);
  patch.status()["x"] = 1;
  {
    MutexLock lock(&api.mu);
    api.answers.push_back(ScriptedTransport::Failure(409, "Conflict"));
  }
  EXPECT_EQ(patch.Finish({}, Error(Code::kTimeout, "work")).code(), Code::kTimeout);
  EXPECT_EQ(api.count(), 1u);
}

TEST(EventRecorderTest, EqualEventsAreCounted) {
  Recording api;
  FakeClock clock{WallTime()};
  {
    EventRecorder events(api.Client(), "test", &clock, Random::Real());
    for (int i = 0; i < 3; ++i) {
      events.Record(Service("web", 5), EventType::kWarning, "Failed", "no such image");
      events.FlushForTest();
    }
  }
  ASSERT_EQ(api.count(), 3u);
  EXPECT_EQ(api.Line(0), "POST /api/v1/namespaces/default/events");
  EXPECT_EQ(api.Body(0)["involvedObject"]["uid"], "uid-web");
  EXPECT_EQ(api.Body(0)["type"], "Warning");
  EXPECT_EQ(api.Line(2).substr(0, 40), "PATCH /api/v1/namespaces/default/events/");
  EXPECT_EQ(api.Body(2)["count"], 3);
}

TEST(EventRecorderTest, ManyMessagesOfOneReasonAreCombinedAndAnObjectHasABudget) {
  Recording api;
  FakeClock clock{WallTime()};
  {
    EventRecorder events(api.Client(), "test", &clock, Random::Real());
    for (int i = 0; i < 200; ++i) {
      events.Record(Service("web", 5), EventType::kNormal, "Said", "message " + std::to_string(i));
      events.FlushForTest();
    }
  }
  EXPECT_EQ(api.count(), 25u);
  size_t created = 0;
  for (size_t i = 0; i < api.count(); ++i) created += api.Line(i).substr(0, 4) == "POST" ? 1 : 0;
  EXPECT_EQ(created, 11u);  // ten of their own, one for all others
}

TEST(LeaseTest, AnotherHoldersSilenceIsMeasuredByOurOwnClock) {
  Recording api;
  FakeClock clock{WallTime()};
  Object lease(v1::kLeases.gvk(), {"gantry-system", "controllers"});
  lease.set_resource_version("7");
  // Its clock is far ahead; that must not matter.
  lease.mutable_spec() = {{"holderIdentity", "other"},
                          {"renewTime", "2099-01-01T00:00:00.000000Z"}};
  LeaseOptions options;
  options.ns = "gantry-system";
  options.name = "controllers";
  options.identity = "me";
  LeaderElector elector(api.Client(), options, &clock);
  const auto try_once = [&] {
    MutexLock lock(&api.mu);
    api.answers = {ScriptedTransport::Json200(lease.json()),
                   ScriptedTransport::Json200(lease.json())};
  };
  try_once();
  EXPECT_FALSE(*elector.TryOnce({}));
  clock.Advance(14s);
  try_once();
  EXPECT_FALSE(*elector.TryOnce({}));
  lease.set_resource_version("8");  // it renewed
  try_once();
  EXPECT_FALSE(*elector.TryOnce({}));
  clock.Advance(15s);
  try_once();
  EXPECT_TRUE(*elector.TryOnce({}));
  EXPECT_EQ(api.Body(api.count() - 1)["spec"]["holderIdentity"], "me");
  EXPECT_EQ(api.Body(api.count() - 1)["metadata"]["resourceVersion"], "8");
}

}  // namespace
}  // namespace gantry::runtime
