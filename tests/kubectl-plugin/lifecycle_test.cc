// stop, activate, restart, redeploy, reschedule and rollout.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kubectl-plugin/fake_server.h"

namespace gantry::kubectl {
namespace {

using ::testing::HasSubstr;

class LifecycleVerbs : public ::testing::Test {
 protected:
  const std::string at_ = "/apis/gantry.dev/v1/namespaces/default/";
  const std::string by_ = "?fieldManager=kubectl-gantry";
  const std::shared_ptr<FakeServer> server_ = std::make_shared<FakeServer>();

  void Answer(const std::string& request, const std::string& body, int status = 200) {
    server_->On(request, status, body);
  }
  Json Sent(const std::string& method) const {
    for (auto r = server_->requests.rbegin(); r != server_->requests.rend(); ++r) {
      if (r->method == method) return Json::parse(r->body);
    }
    return nullptr;
  }
};

constexpr char kWeb[] =
    R"({"kind":"Service","apiVersion":"gantry.dev/v1","metadata":{"name":"shop-web",
        "namespace":"default","labels":{"gantry.dev/application":"shop"},
        "annotations":{"gantry.dev/declared-template":"h2"}},
        "spec":{"template":{"image":"web:2","user":"1"}},"status":{"currentRevision":"shop-web-b"}})";
constexpr char kRevisions[] = R"({"kind":"List","metadata":{},"items":[
  {"metadata":{"name":"shop-web-b","annotations":{"gantry.dev/restarted-at":"2026-01-01T00:00:00Z"}},
   "spec":{"revision":2,"template":{"image":"web:2","user":"1"}}},
  {"metadata":{"name":"shop-web-a"},"spec":{"revision":1,"resolvedImage":"web@sha256:a",
   "template":{"image":"web:1"}}}]})";

TEST_F(LifecycleVerbs, WriteOneFieldOrAnnotation) {
  Answer("PATCH " + at_ + "applications/shop" + by_, "{}");
  EXPECT_EQ(CliRun(server_, {"stop", "app/shop"}).out, "application.gantry.dev/shop stopped\n");
  EXPECT_EQ(Sent("PATCH"), Json::parse(R"({"spec":{"stopped":true}})"));
  EXPECT_EQ(CliRun(server_, {"activate", "app", "shop"}).out,
            "application.gantry.dev/shop activated\n");
  EXPECT_EQ(Sent("PATCH"), Json::parse(R"({"spec":{"stopped":null}})"));
  for (const auto& [verb, annotation] : {std::pair{"restart", "restarted-at"},
                                         {"redeploy", "redeployed-at"},
                                         {"reschedule", "rescheduled-at"}}) {
    EXPECT_EQ(CliRun(server_, {verb, "app/shop"}).code, 0) << verb;
    const Json annotations = Sent("PATCH")["metadata"]["annotations"];
    EXPECT_TRUE(annotations.contains(std::string("gantry.dev/") + annotation)) << verb;
  }
}

TEST_F(LifecycleVerbs, TakeAServiceByItsNameInTheTemplate) {
  Answer("GET " + at_ +
             "services?labelSelector=gantry.dev%2Fapplication%3Dshop%2Cgantry.dev%2F"
             "compose-service%3Dweb&limit=500",
         R"({"kind":"List","metadata":{},"items":[{"metadata":{"name":"shop-web"}}]})");
  Answer("PATCH " + at_ + "services/shop-web" + by_, "{}");
  const CliRun run(server_, {"stop", "app/shop/web"});
  EXPECT_EQ(run.out, "service.gantry.dev/shop-web stopped\n") << run.err;
}

TEST_F(LifecycleVerbs, RefuseWhatMakesNoSense) {
  EXPECT_EQ(
      CliRun(server_, {"stop", "ct/x"}).err,
      "error: container.gantry.dev/x is neither an application nor a service of gantry.dev\n");
  EXPECT_EQ(CliRun(server_, {"restart", "app"}).err,
            "error: resource(s) were provided, but no name was specified\n");
  Answer("GET " + at_ + "services/shop-web", kWeb);
  Answer("GET " + at_ + "applications/shop",
         R"({"metadata":{"name":"shop"},"spec":{"stopped":true}})");
  EXPECT_EQ(CliRun(server_, {"activate", "service/shop-web"}).err,
            "error: application shop is stopped, and its services with it: activate app/shop\n");
}

TEST_F(LifecycleVerbs, HistoryListsStates) {
  Answer("GET " + at_ + "services/shop-web", kWeb);
  Answer("GET " + at_ + "servicerevisions?labelSelector=gantry.dev%2Fservice%3Dshop-web&limit=500",
         kRevisions);
  EXPECT_EQ(CliRun(server_, {"rollout", "history", "service/shop-web"}).out,
            "REVISION      IMAGE   RUNS           CAUSE\n"
            "1             web:1   web@sha256:a   <none>\n"
            "2 (current)   web:2   <none>         restarted at 2026-01-01T00:00:00Z\n");
  EXPECT_THAT(CliRun(server_, {"rollout", "history", "service/shop-web", "--revision=1"}).out,
              HasSubstr("image: web:1"));
  EXPECT_EQ(CliRun(server_, {"rollout", "history", "service/shop-web", "--revision=7"}).err,
            "error: service.gantry.dev/shop-web has no revision 7\n");
}

TEST_F(LifecycleVerbs, UndoBringsTheWholeTemplateBack) {
  Answer("GET " + at_ + "services/shop-web", kWeb);
  Answer("GET " + at_ + "servicerevisions?labelSelector=gantry.dev%2Fservice%3Dshop-web&limit=500",
         kRevisions);
  Answer("PUT " + at_ + "services/shop-web" + by_, "{}");
  const CliRun run(server_, {"rollout", "undo", "service/shop-web"});
  EXPECT_EQ(run.out, "service.gantry.dev/shop-web rolled back to revision 1\n") << run.err;
  const Json sent = Sent("PUT");
  EXPECT_EQ(sent["spec"]["template"], Json::parse(R"({"image":"web:1"})"));
  EXPECT_EQ(sent["metadata"]["annotations"]["gantry.dev/undone-template"], "h2");
  EXPECT_EQ(sent["metadata"]["annotations"]["gantry.dev/pinned-image"], "web:1 web@sha256:a");
  EXPECT_THAT(CliRun(server_, {"rollout", "undo", "service/shop-web", "--to-revision=2"}).out,
              HasSubstr("skipped rollback"));
}

TEST_F(LifecycleVerbs, UndoOfAnApplicationBringsItsVersionBack) {
  Answer("GET " + at_ + "applications/shop",
         R"({"metadata":{"name":"shop","namespace":"default"},"spec":{"version":"2","compose":"b",
             "parameters":{"A":"1"},"stopped":true},"status":{"currentRevision":"shop-b"}})");
  Answer(
      "GET " + at_ + "applicationrevisions?labelSelector=gantry.dev%2Fapplication%3Dshop&limit=500",
      R"({"kind":"List","metadata":{},"items":[
             {"metadata":{"name":"shop-a"},"spec":{"revision":1,"version":"1","compose":"a"}},
             {"metadata":{"name":"shop-b"},"spec":{"revision":2,"version":"2","compose":"b",
              "parameters":{"A":"1"}}}]})");
  Answer("PUT " + at_ + "applications/shop" + by_, "{}");
  const CliRun run(server_, {"rollout", "undo", "app/shop"});
  EXPECT_EQ(run.out, "application.gantry.dev/shop rolled back to revision 1\n") << run.err;
  EXPECT_EQ(Sent("PUT")["spec"], Json::parse(R"({"version":"1","compose":"a","stopped":true})"));
}

constexpr char kApplicationRevisionsPath[] =
    "applicationrevisions?labelSelector=gantry.dev%2Fapplication%3Dshop&limit=500";

// The last state was accepted and could not be carried out, or was not yet: no revision has it.
TEST_F(LifecycleVerbs, UndoGoesByTheSpecNotByTheStatus) {
  Answer("GET " + at_ + "applications/shop",
         R"({"metadata":{"name":"shop","namespace":"default"},"spec":{"version":"3","compose":"c"},
             "status":{"currentRevision":"shop-b"}})");
  Answer("GET " + at_ + kApplicationRevisionsPath, R"({"kind":"List","metadata":{},"items":[
             {"metadata":{"name":"shop-a"},"spec":{"revision":1,"version":"1","compose":"a"}},
             {"metadata":{"name":"shop-b"},"spec":{"revision":2,"version":"2","compose":"b"}}]})");
  Answer("PUT " + at_ + "applications/shop" + by_, "{}");
  for (const auto& to : {std::vector<std::string>{}, {"--to-revision=2"}}) {
    std::vector<std::string> words = {"rollout", "undo", "app/shop"};
    words.insert(words.end(), to.begin(), to.end());
    const CliRun run(server_, words);
    EXPECT_EQ(run.out, "application.gantry.dev/shop rolled back to revision 2\n") << run.err;
    EXPECT_EQ(Sent("PUT")["spec"], Json::parse(R"({"version":"2","compose":"b"})"));
  }

  Answer("GET " + at_ + "services/shop-web",
         R"({"metadata":{"name":"shop-web","namespace":"default"},
             "spec":{"template":{"image":"web:1"}},"status":{"currentRevision":"shop-web-b"}})");
  Answer("GET " + at_ + "servicerevisions?labelSelector=gantry.dev%2Fservice%3Dshop-web&limit=500",
         kRevisions);
  Answer("PUT " + at_ + "services/shop-web" + by_, "{}");
  const CliRun run(server_, {"rollout", "undo", "service/shop-web"});
  EXPECT_EQ(run.out, "service.gantry.dev/shop-web rolled back to revision 2\n") << run.err;
}

// Redeployed: the template is the same, the image is not.
TEST_F(LifecycleVerbs, UndoBringsTheImageOfTheSameTemplateBack) {
  Answer("GET " + at_ + "services/shop-web",
         R"({"metadata":{"name":"shop-web","namespace":"default","annotations":{
             "gantry.dev/pinned-image":"web:1 web@sha256:b"}},
             "spec":{"template":{"image":"web:1"}},"status":{"currentRevision":"shop-web-b"}})");
  Answer("GET " + at_ + "servicerevisions?labelSelector=gantry.dev%2Fservice%3Dshop-web&limit=500",
         R"({"kind":"List","metadata":{},"items":[
             {"metadata":{"name":"shop-web-a"},"spec":{"revision":1,
              "resolvedImage":"web@sha256:a","template":{"image":"web:1"}}},
             {"metadata":{"name":"shop-web-b"},"spec":{"revision":2,
              "resolvedImage":"web@sha256:b","template":{"image":"web:1"}}}]})");
  Answer("PUT " + at_ + "services/shop-web" + by_, "{}");
  const CliRun run(server_, {"rollout", "undo", "service/shop-web"});
  EXPECT_EQ(run.out, "service.gantry.dev/shop-web rolled back to revision 1\n") << run.err;
  EXPECT_EQ(Sent("PUT")["metadata"]["annotations"]["gantry.dev/pinned-image"],
            "web:1 web@sha256:a");
}

TEST_F(LifecycleVerbs, UndoToAStateWithoutVersionGivesItOne) {
  Answer("GET " + at_ + "applications/shop",
         R"({"metadata":{"name":"shop","namespace":"default"},"spec":{"version":"2","compose":"b"},
             "status":{"currentRevision":"shop-b"}})");
  Answer("GET " + at_ + kApplicationRevisionsPath, R"({"kind":"List","metadata":{},"items":[
             {"metadata":{"name":"shop-a"},"spec":{"revision":1,"compose":"a"}},
             {"metadata":{"name":"shop-b"},"spec":{"revision":2,"version":"2","compose":"b"}}]})");
  Answer("PUT " + at_ + "applications/shop" + by_, "{}");
  const CliRun run(server_, {"rollout", "undo", "app/shop"});
  EXPECT_EQ(run.out, "application.gantry.dev/shop rolled back to revision 1\n") << run.err;
  EXPECT_EQ(Sent("PUT")["spec"], Json::parse(R"({"version":"revision-1","compose":"a"})"));
}

// Ready of an earlier generation says nothing of this one, also when a look at it has failed.
TEST_F(LifecycleVerbs, StatusWaitsForReadinessOfThePresentGeneration) {
  Answer("GET " + at_ + "services/shop-web",
         R"({"metadata":{"name":"shop-web","generation":2},"spec":{},"status":{
             "observedGeneration":2,"conditions":[
             {"type":"Ready","status":"True","observedGeneration":1}]}})");
  const CliRun run(server_, {"rollout", "status", "svc/shop-web", "--timeout=1ms"});
  EXPECT_EQ(run.code, 1);
  EXPECT_EQ(run.out, "");
}

TEST_F(LifecycleVerbs, PauseAndStatus) {
  Answer("PATCH " + at_ + "services/shop-web" + by_, "{}");
  EXPECT_EQ(CliRun(server_, {"rollout", "pause", "svc/shop-web"}).out,
            "service.gantry.dev/shop-web paused\n");
  EXPECT_EQ(Sent("PATCH"), Json::parse(R"({"spec":{"paused":true}})"));
  Answer("GET " + at_ + "services/shop-web", R"({"metadata":{"name":"shop-web"},
      "spec":{"paused":true}})");
  EXPECT_EQ(CliRun(server_, {"rollout", "status", "svc/shop-web"}).out,
            "service.gantry.dev/shop-web is paused\n");
}

}  // namespace
}  // namespace gantry::kubectl
