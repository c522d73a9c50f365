#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "kubectl-plugin/three_way.h"
#include "tests/kubectl-plugin/fake_server.h"

namespace gantry::kubectl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kApps[] = "/apis/gantry.dev/v1/namespaces/default/applications";
constexpr char kCts[] = "/apis/gantry.dev/v1/namespaces/default/containers";
constexpr char kShop[] =
    "apiVersion: gantry.dev/v1\nkind: Application\nmetadata: {name: shop}\nspec: {version: "
    "\"1\"}\n";

std::string NotFound(const std::string& what) {
  return R"({"kind":"Status","reason":"NotFound","code":404,"message":")" + what +
         R"( not found"})";
}

class VerbsTest : public ::testing::Test {
 protected:
  const std::string apps_ = kApps;
  const std::shared_ptr<FakeServer> server_ = std::make_shared<FakeServer>();

  const client::HttpRequest* Last(const std::string& method) const {
    for (auto r = server_->requests.rbegin(); r != server_->requests.rend(); ++r) {
      if (r->method == method) return &*r;
    }
    return nullptr;
  }
};

constexpr char kTable[] =
    R"({"kind":"Table","metadata":{"resourceVersion":"7"},"columnDefinitions":[
  {"name":"Name","priority":0},{"name":"Phase","priority":0},{"name":"Message","priority":1}],
  "rows":[{"cells":["shop","Running",null],"object":{"metadata":{"name":"shop","namespace":"default",
     "labels":{"a":"b"}}}},
    {"cells":["a-longer-name",null,"two\nlines"],"object":{"metadata":{"name":"a-longer-name",
     "namespace":"other"}}}]})";

TEST_F(VerbsTest, GetPrintsTables) {
  server_->On("GET " + apps_ + "?limit=500", 200, kTable);
  server_->On("GET /apis/gantry.dev/v1/applications?limit=500", 200, kTable);
  EXPECT_EQ(CliRun(server_, {"get", "app"}).out,
            "NAME            PHASE\nshop            Running\na-longer-name   <none>\n");
  EXPECT_EQ(CliRun(server_, {"get", "applications.gantry.dev", "-o", "wide"}).out,
            "NAME            PHASE     MESSAGE\nshop            Running   <none>\n"
            "a-longer-name   <none>    two...\n");
  EXPECT_EQ(
      CliRun(server_, {"get", "Application", "-A", "--no-headers", "--show-labels"}).out,
      "default   shop            Running   a=b\nother     a-longer-name   <none>    <none>\n");
}

TEST_F(VerbsTest, GetNamesTypesWhenThereAreSeveral) {
  server_->On("GET " + apps_ + "?limit=500&labelSelector=a%3Db", 200, kTable);
  server_->On("GET " + std::string(kCts) + "?limit=500&labelSelector=a%3Db", 200,
              R"({"kind":"Table","metadata":{},"columnDefinitions":[],"rows":[]})");
  server_->On("GET /apis/gantry.dev/v1/nodes?limit=500&labelSelector=a%3Db", 200, kTable);
  const CliRun run(server_, {"get", "app,ct,no", "-l", "a=b"});
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, HasSubstr("NAME                                   PHASE\n"
                                 "application.gantry.dev/shop            Running\n"));
  EXPECT_THAT(run.out, HasSubstr("\n\nNAME                            PHASE\n"
                                 "node.gantry.dev/shop            Running\n"));
}

TEST_F(VerbsTest, GetTurnsPages) {
  server_->On(
      "GET " + apps_ + "?limit=500", 200,
      R"({"kind":"List","metadata":{"continue":"x/y"},"items":[{"metadata":{"name":"a"}}]})");
  server_->On("GET " + apps_ + "?limit=500&continue=x%2Fy", 200,
              R"({"kind":"List","metadata":{},"items":[{"metadata":{"name":"b"}}]})");
  EXPECT_EQ(CliRun(server_, {"get", "app", "-o", "name"}).out,
            "application.gantry.dev/a\napplication.gantry.dev/b\n");
  EXPECT_EQ(CliRun(server_, {"get", "app", "-o=jsonpath={.items[*].metadata.name}"}).out, "a b");
}

// Somebody whose roles name objects sees these, without saying so.
TEST_F(VerbsTest, GetShowsWhatRolesName) {
  const std::string forbidden =
      R"({"kind":"Status","reason":"Forbidden","code":403,"message":"cannot list"})";
  server_->On("GET " + apps_ + "?limit=500", 403, forbidden);
  server_->On(
      "POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews?fieldManager=kubectl-gantry", 201,
      R"({"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1","status":{"resourceRules":[
                  {"verbs":["get"],"apiGroups":["*"],"resources":["*"],"resourceNames":["no-list"]},
                  {"verbs":["list"],"apiGroups":[""],"resources":["*"],"resourceNames":["no-app"]},
                  {"verbs":["*"],"apiGroups":["gantry.dev"],"resources":["applications"],
                   "resourceNames":["shop","blog"]}]}})");
  for (const char* name : {"blog", "shop"}) {
    server_->On("GET " + apps_ + "?limit=500&fieldSelector=metadata.name%3D" + name, 200,
                std::string(R"({"kind":"Table","metadata":{"resourceVersion":"7"},
                    "columnDefinitions":[{"name":"Name","priority":0}],"rows":[{"cells":[")") +
                    name + R"("],"object":{"metadata":{"name":"x"}}}]})");
  }
  EXPECT_EQ(CliRun(server_, {"get", "app"}).out, "NAME\nblog\nshop\n");
  EXPECT_THAT(CliRun(server_, {"get", "app", "-w"}).err,
              HasSubstr("your roles name blog, shop: you may only watch one of them"));
}

TEST_F(VerbsTest, GetSaysWhatRolesRefuse) {
  server_->On("GET " + apps_ + "?limit=500", 403,
              R"({"kind":"Status","reason":"Forbidden","code":403,"message":"cannot list"})");
  server_->On(
      "POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews?fieldManager=kubectl-gantry", 201,
      R"({"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1","status":{}})");
  const CliRun refused(server_, {"get", "app"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(refused.err, "Error from server (Forbidden): cannot list\n");
}

TEST_F(VerbsTest, GetPrintsObjects) {
  server_->On("GET " + apps_ + "/shop", 200,
              R"({"kind":"Application","apiVersion":"gantry.dev/v1","metadata":{"name":"shop",
                  "managedFields":[{}]},"spec":{"on":"true"}})");
  EXPECT_EQ(CliRun(server_, {"get", "app/shop", "-o", "yaml"}).out,
            "apiVersion: gantry.dev/v1\nkind: Application\nmetadata:\n  name: shop\nspec:\n"
            "  \"on\": \"true\"\n");
  EXPECT_THAT(CliRun(server_, {"get", "app", "shop", "-ojson", "--show-managed-fields"}).out,
              HasSubstr("\"managedFields\": ["));
  EXPECT_EQ(CliRun(server_, {"get", "app/shop", "-o", "jsonpath={.spec.on}{\"\\n\"}"}).out,
            "true\n");
}

TEST_F(VerbsTest, GetFollows) {
  server_->On("GET " + apps_ + "?limit=500", 200, kTable);
  server_->On(
      "GET " + apps_ + "?watch=true&allowWatchBookmarks=true&resourceVersion=7", 200,
      R"({"type":"MODIFIED","object":{"kind":"Table","apiVersion":"meta.k8s.io/v1","columnDefinitions":[],"rows":[{"cells":["shop","Failed",""],"object":{"metadata":{"name":"shop","resourceVersion":"9"}}}]}})"
      "\n");
  server_->On("GET " + apps_ + "?watch=true&allowWatchBookmarks=true&resourceVersion=9", 410,
              R"({"kind":"Status","reason":"Expired","code":410,"message":"too old"})");
  const CliRun run(server_, {"get", "app", "-w"});
  EXPECT_THAT(run.out, HasSubstr("a-longer-name   <none>\nshop            Failed\n"));
  EXPECT_EQ(run.err, "Error from server (Expired): too old\n");
}

TEST_F(VerbsTest, ErrorsLookLikeKubectls) {
  server_->On("GET " + apps_ + "/x", 404, NotFound("applications.gantry.dev \\\"x\\\""));
  CliRun run(server_, {"get", "app", "x"});
  EXPECT_EQ(run.code, 1);
  EXPECT_EQ(run.err, "Error from server (NotFound): applications.gantry.dev \"x\" not found\n");
  run = CliRun(server_, {"get", "app", "x", "--ignore-not-found"});
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(CliRun(server_, {"get", "nonsense"}).err,
            "error: the server doesn't have a resource type \"nonsense\"\n");
  EXPECT_THAT(CliRun(server_, {"get", "app", "-o", "xml"}).err,
              HasSubstr("allowed formats are: json"));
  EXPECT_THAT(CliRun(server_, {"bogus"}).err, StartsWith("error: unknown command \"bogus\""));
  EXPECT_THAT(CliRun(server_, {"get", "app", "--bogus"}).err, StartsWith("error: "));
  EXPECT_EQ(CliRun(server_, {"bogus"}).code, 1);
  EXPECT_THAT(CliRun(server_, {"--help"}).out, HasSubstr("apply"));
  EXPECT_THAT(CliRun(server_, {}).out, HasSubstr("apply"));
}

TEST_F(VerbsTest, ApplyCreatesWithTheAnnotation) {
  server_->On("POST " + apps_ + "?fieldManager=kubectl-client-side-apply&fieldValidation=Strict",
              201, R"({"kind":"Application","metadata":{"name":"shop"}})");
  const CliRun run(server_, {"apply", "-f", "-"}, kShop);
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(run.out, "application.gantry.dev/shop created\n");
  const Json sent = Json::parse(Last("POST")->body);
  EXPECT_EQ(sent["metadata"]["annotations"][kLastApplied],
            R"({"apiVersion":"gantry.dev/v1","kind":"Application","metadata":{"annotations":{},)"
            R"("name":"shop","namespace":"default"},"spec":{"version":"1"}})"
            "\n");
}

TEST_F(VerbsTest, ApplyPatchesTheDifference) {
  const Json applied = WithLastApplied(Json::parse(
      R"({"apiVersion":"gantry.dev/v1","kind":"Application","metadata":{"name":"shop",
          "namespace":"default"},"spec":{"version":"1"}})"));
  server_->On("GET " + apps_ + "/shop", 200, applied.dump());
  EXPECT_EQ(CliRun(server_, {"apply", "-f", "-"}, kShop).out,
            "application.gantry.dev/shop unchanged\n");
  EXPECT_FALSE(Last("PATCH"));
  server_->On("PATCH " + apps_ +
                  "/shop?fieldManager=kubectl-client-side-apply&fieldValidation=Strict&dryRun=All",
              200, R"({"kind":"Application","metadata":{"name":"shop"}})");
  const std::string changed = std::string(kShop).replace(std::string(kShop).rfind("1"), 1, "2");
  EXPECT_EQ(CliRun(server_, {"apply", "-f", "-", "--dry-run=server"}, changed).out,
            "application.gantry.dev/shop configured (server dry run)\n");
  EXPECT_EQ(Json::parse(Last("PATCH")->body)["spec"], Json({{"version", "2"}}));
}

TEST_F(VerbsTest, ApplyShowsEveryCause) {
  const std::string post =
      "POST " + apps_ + "?fieldManager=kubectl-client-side-apply&fieldValidation=Strict";
  server_->On(post, 422, R"({"kind":"Status","reason":"Invalid","code":422,"message":"m",
    "details":{"kind":"Application","name":"shop","causes":[
      {"field":"spec.compose","message":"Invalid value: 3"},
      {"field":"spec.compose","message":"Invalid value: 3"},
      {"field":"spec.parameters","message":"Required value"}]}})");
  server_->On(
      post, 400,
      R"({"kind":"Status","reason":"BadRequest","code":400,"message":"strict decoding error"})");
  CliRun run(server_, {"apply", "-f", "-"}, kShop);
  EXPECT_EQ(run.code, 1);
  EXPECT_EQ(run.err,
            "The Application \"shop\" is invalid:\n* spec.compose: Invalid value: 3\n"
            "* spec.parameters: Required value\n");
  run = CliRun(server_, {"apply", "-f", "-"}, kShop);
  EXPECT_EQ(
      run.err,
      "Error from server (BadRequest): error when creating \"STDIN\": strict decoding error\n");
}

TEST_F(VerbsTest, ApplyNeedsReadableManifests) {
  EXPECT_THAT(CliRun(server_, {"apply", "-f", "-"}, "a: 1\nb: c: d\n").err,
              StartsWith("error: error parsing STDIN: yaml: line 2, column 5: "));
  EXPECT_THAT(CliRun(server_, {"apply", "-f", "-"}, "kind: X\n").err, HasSubstr("apiVersion"));
  EXPECT_THAT(CliRun(server_, {"apply", "-f", "-"}, "a: 1\na: 2\n").err,
              HasSubstr("line 2, column 1: key \"a\" already set"));
  EXPECT_THAT(CliRun(server_, {"apply", "-f", "-"}, "\n").err, HasSubstr("no objects passed"));
  EXPECT_THAT(CliRun(server_, {"apply", "-f", "/none/x.yaml"}).err, HasSubstr("does not exist"));
  EXPECT_THAT(CliRun(server_, {"apply"}).err, HasSubstr("must specify -f"));
  EXPECT_THAT(
      CliRun(server_, {"apply", "-f", "-"}, "apiVersion: g/v1\nkind: X\nmetadata: {name: a}\n").err,
      HasSubstr("no matches for kind \"X\" in version \"g/v1\""));
  EXPECT_THAT(CliRun(server_, {"apply", "-n", "other", "-f", "-"},
                     "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: b}\n")
                  .err,
              HasSubstr("does not match the namespace \"other\""));
}

TEST_F(VerbsTest, ApplyPutsDefinitionsFirstAndLearnsTheirKinds) {
  const std::string crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const std::string strict = "?fieldManager=kubectl-client-side-apply&fieldValidation=Strict";
  server_->On("POST " + crds + strict, 201, R"({"metadata":{"name":"tabs.example.com"}})");
  server_->On(
      "GET " + crds + "?fieldSelector=metadata.name%3Dtabs.example.com", 200,
      R"({"metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"tabs.example.com"}}]})");
  server_->On(
      "GET " + crds +
          "?fieldSelector=metadata.name%3Dtabs.example.com&resourceVersion=5&watch=true"
          "&allowWatchBookmarks=true",
      200,
      R"({"type":"MODIFIED","object":{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"tabs.example.com"},"status":{"conditions":[{"type":"Established","status":"True"}]}}})"
      "\n");
  server_->On("GET /apis", 200, R"({"kind":"APIGroupDiscoveryList","items":[
    {"metadata":{"name":"example.com"},"versions":[{"version":"v1","resources":[{"resource":"tabs",
     "responseKind":{"kind":"Tab"},"scope":"Namespaced","verbs":["list"]}]}]}]})");
  server_->On("POST /apis/example.com/v1/namespaces/default/tabs" + strict, 201,
              R"({"metadata":{"name":"t"}})");
  const CliRun run(server_, {"apply", "-f", "-"},
                   "apiVersion: example.com/v1\nkind: Tab\nmetadata: {name: t}\n---\n"
                   "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
                   "metadata: {name: tabs.example.com}\n");
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(run.out,
            "customresourcedefinition.apiextensions.k8s.io/tabs.example.com created\n"
            "tab.example.com/t created\n");
}

TEST_F(VerbsTest, ApplyReadsDirectories) {
  std::string name = (std::filesystem::temp_directory_path() / "gantry-apply-XXXXXX").string();
  const std::filesystem::path dir = mkdtemp(name.data());
  std::filesystem::create_directory(dir / "deep");
  std::ofstream(dir / "b.yaml") << "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\n";
  std::ofstream(dir / "a.json") << R"({"apiVersion":"v1","kind":"List","items":[
      {"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}]})";
  std::ofstream(dir / "notes.txt") << "no manifest";
  std::ofstream(dir / "deep" / "c.yml") << "apiVersion: v1\nkind: Secret\nmetadata: {name: c}\n";
  server_->On(
      "POST /api/v1/namespaces/default/secrets?fieldManager=kubectl-client-side-apply"
      "&fieldValidation=Strict",
      201, "{}");
  EXPECT_EQ(CliRun(server_, {"apply", "-f", dir}).out, "secret/a created\nsecret/b created\n");
  EXPECT_EQ(CliRun(server_, {"apply", "-R", "-f", dir}).out,
            "secret/a created\nsecret/b created\nsecret/c created\n");
  std::filesystem::remove_all(dir);
}

TEST_F(VerbsTest, DeleteWaitsUntilTheObjectIsGone) {
  server_->On("DELETE " + apps_ + "/shop", 200, R"({"kind":"Status","details":{"uid":"u1"}})");
  const std::string list = "GET " + apps_ + "?fieldSelector=metadata.name%3Dshop";
  server_->On(list, 200, R"({"metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"shop",
      "uid":"u1"},"status":{"phase":"Releasing"}}]})");
  server_->On(list + "&resourceVersion=5&watch=true&allowWatchBookmarks=true", 200,
              R"({"type":"DELETED","object":{"kind":"Application","metadata":{"name":"shop"}}})"
              "\n");
  CliRun run(server_, {"delete", "app", "shop"});
  EXPECT_EQ(run.out, "application.gantry.dev \"shop\" deleted\n");
  EXPECT_EQ(run.err, "waiting for application.gantry.dev/shop to be gone: Releasing\n");
  EXPECT_EQ(Json::parse(Last("DELETE")->body)["propagationPolicy"], "Background");
  run = CliRun(server_, {"delete", "app/shop", "--wait=false", "--cascade=foreground"});
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(Json::parse(Last("DELETE")->body)["propagationPolicy"], "Foreground");
  EXPECT_THAT(CliRun(server_, {"delete", "app"}).err, HasSubstr("no name was specified"));
  EXPECT_EQ(CliRun(server_, {"delete", "app/none"}).code, 1);
  EXPECT_EQ(CliRun(server_, {"delete", "app/none", "--ignore-not-found"}).code, 0);
  EXPECT_THAT(CliRun(server_, {"delete", "app/x", "--cascade=maybe"}).err, HasSubstr("orphan"));
}

TEST_F(VerbsTest, WaitAsksForConditions) {
  const std::string list = "GET " + apps_ + "?fieldSelector=metadata.name%3Dshop";
  server_->On(list, 200, R"({"metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"shop",
      "generation":3},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True",
      "observedGeneration":3},{"type":"Old","status":"True","observedGeneration":2}]}}]})");
  EXPECT_EQ(CliRun(server_, {"wait", "app/shop", "--for=condition=Ready"}).out,
            "application.gantry.dev/shop condition met\n");
  EXPECT_EQ(CliRun(server_, {"wait", "app/shop", "--for", "jsonpath={.status.phase}=Running"}).code,
            0);
  EXPECT_EQ(CliRun(server_, {"wait", "app/shop", "--for=create"}).code, 0);
  CliRun run(server_, {"wait", "app/shop", "--for=condition=Old", "--timeout=0s"});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err,
              HasSubstr("error: timed out waiting for the condition on applications/shop\n"));
  EXPECT_EQ(CliRun(server_, {"wait", "app/shop", "--for=delete", "--timeout=0s"}).code, 1);
  EXPECT_THAT(CliRun(server_, {"wait", "app/shop", "--for=magic"}).err, HasSubstr("unrecognized"));
  server_->On("GET " + apps_ + "?fieldSelector=metadata.name%3Dnone", 200,
              R"({"metadata":{"resourceVersion":"5"},"items":[]})");
  EXPECT_EQ(CliRun(server_, {"wait", "app/none", "--for=condition=Ready"}).err,
            "Error from server (NotFound): applications.gantry.dev \"none\" not found\n");
  EXPECT_EQ(CliRun(server_, {"wait", "app/none", "--for=delete"}).code, 0);
}

TEST_F(VerbsTest, ScalePatchesTheSubresource) {
  server_->On(
      "PATCH /apis/gantry.dev/v1/namespaces/shop/services/web/scale?fieldManager=kubectl-gantry",
      200, R"({"kind":"Scale","metadata":{"name":"web"}})");
  const CliRun run(server_, {"-n", "shop", "scale", "svc/web", "--replicas=4"});
  EXPECT_EQ(run.out, "service.gantry.dev/web scaled\n");
  EXPECT_EQ(Last("PATCH")->body, R"({"spec":{"replicas":4}})");
  EXPECT_THAT(CliRun(server_, {"scale", "svc/web"}).err, HasSubstr("--replicas"));
}

TEST_F(VerbsTest, LogsOfASlotAndOfAnApplication) {
  const std::string cts = kCts;
  server_->On(
      "GET " + cts +
          "?labelSelector=gantry.dev%2Fservice%3Dshop-web%2Cgantry.dev%2Fslot%3D1&limit=500",
      200, R"({"metadata":{},"items":[
    {"metadata":{"name":"shop-web-1-old","creationTimestamp":"2026-01-01T00:00:00Z"}},
    {"metadata":{"name":"shop-web-1-new","creationTimestamp":"2026-01-02T00:00:00Z"}},
    {"metadata":{"name":"shop-web-1-bad","creationTimestamp":"2026-01-03T00:00:00Z",
                 "deletionTimestamp":"2026-01-03T00:00:00Z"}}]})");
  server_->On("GET " + cts + "/shop-web-1-new/log?timestamps=true&sinceSeconds=600&tailLines=5",
              200, "one\ntwo");
  const CliRun slot(server_, {"logs", "ct/shop-web-1", "--tail=5", "--since=10m", "--timestamps"});
  EXPECT_EQ(slot.err, "");
  EXPECT_EQ(slot.out, "one\ntwo\n");

  server_->On("GET " + apps_ + "/shop", 200,
              R"({"kind":"Application","metadata":{"name":"shop"}})");
  server_->On("GET " + cts + "?labelSelector=gantry.dev%2Fapplication%3Dshop&limit=500", 200,
              R"({"metadata":{},"items":[{"metadata":{"name":"b"}},{"metadata":{"name":"a"}}]})");
  server_->On("GET " + cts + "/a/log", 200, "x\ny\n");
  server_->On("GET " + cts + "/b/log", 200, "z\n");
  EXPECT_EQ(CliRun(server_, {"logs", "app/shop"}).out, "[a] x\n[a] y\n[b] z\n");
  EXPECT_EQ(CliRun(server_, {"logs", "ct/none"}).code, 1);
  EXPECT_THAT(CliRun(server_, {"logs", "no/x"}).err, HasSubstr("have no containers"));
}

TEST_F(VerbsTest, ExecGivesTheExitCode) {
  const std::string cts = kCts;
  server_->On("GET " + cts + "/c", 200, R"({"kind":"Container","metadata":{"name":"c"}})");
  server_->frames = {std::string("\1out\n"), std::string("\2err\n"),
                     std::string("\3") + R"({"status":"Failure","reason":"NonZeroExitCode",
                        "details":{"causes":[{"reason":"ExitCode","message":"7"}]}})"};
  CliRun run(server_, {"exec", "ct/c", "--", "sh", "-c", "exit 7"});
  EXPECT_EQ(run.code, 7);
  EXPECT_EQ(run.out, "out\n");
  EXPECT_EQ(run.err, "err\n");
  EXPECT_EQ(server_->requests.back().target,
            cts +
                "/c/exec?stdin=false&stdout=true&stderr=true&tty=false&command=sh&command=-c"
                "&command=exit%207");
  server_->frames = {std::string("\3") + R"({"status":"Success"})"};
  EXPECT_EQ(CliRun(server_, {"exec", "c", "--", "true"}).code, 0);
  server_->frames = {std::string("\1half")};
  EXPECT_THAT(CliRun(server_, {"exec", "c", "--", "true"}).err, HasSubstr("connection broke"));
  EXPECT_THAT(CliRun(server_, {"exec", "c"}).err, HasSubstr("at least one command"));
}

TEST_F(VerbsTest, NodeAddWritesANode) {
  server_->On(
      "POST /apis/gantry.dev/v1/nodes?fieldManager=kubectl-client-side-apply"
      "&fieldValidation=Strict",
      201, "{}");
  CliRun run(server_, {"node", "add", "far", "--endpoint", "tcp://10.0.0.1:2375", "--insecure",
                       "--labels", "zone=b,x=y", "--cluster=edge"});
  EXPECT_EQ(run.out, "node.gantry.dev/far created\n");
  EXPECT_THAT(run.err, StartsWith("Warning: tcp://10.0.0.1:2375 is used without TLS"));
  const Json sent = Json::parse(Last("POST")->body);
  EXPECT_EQ(sent["spec"],
            Json({{"cluster", "edge"}, {"endpoint", "tcp://10.0.0.1:2375"}, {"insecure", true}}));
  EXPECT_EQ(sent["metadata"]["labels"], Json({{"zone", "b"}, {"x", "y"}}));
  EXPECT_THAT(CliRun(server_, {"node", "add", "x", "--endpoint", "tcp://h:1"}).err,
              HasSubstr("--tls-dir"));
  EXPECT_THAT(CliRun(server_, {"node", "add", "x"}).err, HasSubstr("--endpoint is required"));
}

TEST_F(VerbsTest, DescribeShowsFieldsAndEvents) {
  server_->On("GET " + apps_ + "/shop", 200, R"({"kind":"Application","apiVersion":"gantry.dev/v1",
    "metadata":{"name":"shop","namespace":"default","uid":"u","labels":{"a":"b"}},
    "spec":{"hostIP":"1.2.3.4","ports":[{"containerPort":80},{"containerPort":81}],"text":"x\ny"}})");
  server_->On(
      "GET /api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dshop%2C"
      "involvedObject.uid%3Du&limit=500",
      200, R"({"metadata":{},"items":[{"type":"Normal","reason":"Scaled","message":"up to 3",
                "lastTimestamp":"2026-01-01T00:00:00Z","source":{"component":"service"}}]})");
  const std::string out = CliRun(server_, {"describe", "app", "shop"}).out;
  EXPECT_THAT(out, StartsWith("Name:         shop\nNamespace:    default\nLabels:       a=b\n"
                              "Annotations:  <none>\n"));
  EXPECT_THAT(out, HasSubstr("Spec:\n  Host IP:      1.2.3.4\n  Ports:\n    Container Port:  80\n\n"
                             "    Container Port:  81\n  Text:\n    x\n    y\n"));
  EXPECT_THAT(out, HasSubstr("Scaled"));
  EXPECT_THAT(out, HasSubstr("service"));
}

TEST_F(VerbsTest, ComposeUpAppliesTheFile) {
  server_->On("POST " + apps_ + "?fieldManager=kubectl-client-side-apply&fieldValidation=Strict",
              201, "{}");
  const CliRun run(server_,
                   {"compose", "up", "-f", "-", "--name", "plain", "-d", "--param", "TAG=1"},
                   "services: {}\n");
  EXPECT_EQ(run.out, "application.gantry.dev/plain created\n");
  EXPECT_EQ(Json::parse(Last("POST")->body)["spec"], Json({{"cluster", "default"},
                                                           {"compose", "services: {}\n"},
                                                           {"parameters", {{"TAG", "1"}}}}));
  EXPECT_THAT(CliRun(server_, {"compose", "up", "-f", "-"}).err, HasSubstr("--name"));
}

TEST_F(VerbsTest, VersionShowsBoth) {
  server_->On("GET /version", 200, R"({"gitVersion":"v1.36.0"})");
  const CliRun run(server_, {"version"});
  EXPECT_THAT(run.out, HasSubstr("Client Version: v"));
  EXPECT_THAT(run.out, HasSubstr("Server Version: v1.36.0\n"));
  EXPECT_THAT(CliRun(server_, {"version", "--client"}).out, Not(HasSubstr("Server")));
}

}  // namespace
}  // namespace gantry::kubectl
