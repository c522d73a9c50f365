#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "kubectl-plugin/mapper.h"
#include "kubectl-plugin/print/describe.h"
#include "kubectl-plugin/print/template.h"
#include "kubectl-plugin/targets.h"
#include "kubectl-plugin/three_way.h"
#include "kubectl-plugin/waiter.h"

namespace gantry::kubectl {
namespace {

using ::testing::HasSubstr;

TEST(ThreeWayTest, MergesAsKubectlDoes) {
  const struct {
    const char *what, *original, *modified, *current, *patch;
  } kCases[] = {
      {"nothing", R"({"a":1})", R"({"a":1})", R"({"a":1,"b":2})", "{}"},
      {"a change", R"({"a":1})", R"({"a":2})", R"({"a":1})", R"({"a":2})"},
      {"a removal", R"({"a":1,"b":2})", R"({"a":1})", R"({"a":1,"b":2})", R"({"b":null})"},
      {"removed already", R"({"a":1,"b":2})", R"({"a":1})", R"({"a":1})", "{}"},
      {"of another", R"({"s":{"a":1}})", R"({"s":{"a":1}})", R"({"s":{"a":1,"z":9}})", "{}"},
      {"drift", R"({"s":{"a":1}})", R"({"s":{"a":1}})", R"({"s":{"a":5}})", R"({"s":{"a":1}})"},
      {"deep", R"({"s":{"a":1,"b":{"c":1}}})", R"({"s":{"a":2,"b":{}}})",
       R"({"s":{"a":1,"b":{"c":1,"d":2}}})", R"({"s":{"a":2,"b":{"c":null}}})"},
      {"lists are whole", R"({"l":[1,2]})", R"({"l":[1]})", R"({"l":[1,2]})", R"({"l":[1]})"},
      {"no original", "null", R"({"a":1})", R"({"b":1})", R"({"a":1})"},
      {"a map for a word", R"({"a":{"x":1}})", R"({"a":"w"})", R"({"a":{"x":1}})", R"({"a":"w"})"},
      {"null removes", "null", R"({"a":null,"b":null})", R"({"a":1})", R"({"a":null})"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(ThreeWayMergePatch(Json::parse(c.original), Json::parse(c.modified),
                                 Json::parse(c.current)),
              Json::parse(c.patch))
        << c.what;
  }
}

TEST(ThreeWayTest, TheAnnotationIsKubectls) {
  const Json out = WithLastApplied(Json::parse(
      R"({"metadata":{"annotations":{"x":"<&>","kubectl.kubernetes.io/last-applied-configuration":"o"}}})"));
  EXPECT_EQ(out["metadata"]["annotations"][kLastApplied],
            "{\"metadata\":{\"annotations\":{\"x\":\"\\u003c\\u0026\\u003e\"}}}\n");
}

Mapper LegacyMapper() {
  Mapper mapper;
  mapper.AddLegacy(Json::parse(R"({"groupVersion":"v1","resources":[
    {"name":"nodes","singularName":"node","kind":"Node","namespaced":false,"verbs":["list"]},
    {"name":"secrets","singularName":"","kind":"Secret","namespaced":true,"verbs":["list"]}]})"));
  mapper.AddLegacy(Json::parse(R"({"groupVersion":"gantry.dev/v1","resources":[
    {"name":"nodes","singularName":"node","kind":"Node","namespaced":false,"verbs":["list"],
     "shortNames":["gno"],"categories":["gantry"]},
    {"name":"services","singularName":"service","kind":"Service","namespaced":true,"verbs":["list"],
     "shortNames":["gsvc"],"categories":["gantry"]},
    {"name":"services/scale","kind":"Scale","namespaced":true,"verbs":["get"]}]})"));
  return mapper;
}

TEST(MapperTest, FindsByEveryName) {
  const Mapper mapper = LegacyMapper();
  for (const char* name :
       {"nodes", "node", "Node", "gno", "nodes.gantry.dev", "node.v1.gantry.dev"}) {
    const auto r = mapper.Find(name);
    ASSERT_TRUE(r.ok()) << name;
    EXPECT_EQ((*r)->Name(), "nodes.gantry.dev") << name;
  }
  EXPECT_EQ((*mapper.Find("nodes.v1."))->resource.group, "");
  EXPECT_EQ((*mapper.Find("secret"))->ObjectName("x"), "secret/x");
  EXPECT_EQ((*mapper.Find("gsvc"))->subresources, std::vector<std::string>{"scale"});
  EXPECT_FALSE(mapper.Find("nodes.other.dev").ok());
  EXPECT_EQ(mapper.FindAll("gantry")->size(), 2u);
  EXPECT_TRUE(mapper.FindKind({"gantry.dev", "v1", "Service"}));
  EXPECT_FALSE(mapper.FindKind({"gantry.dev", "v2", "Service"}));
}

TEST(TargetsTest, ParsesWords) {
  const Mapper mapper = LegacyMapper();
  auto t = ParseTargets(mapper, {"gsvc/a", "gsvc/b", "secret/c"});
  ASSERT_TRUE(t.ok());
  ASSERT_EQ(t->size(), 2u);
  EXPECT_EQ((*t)[0].names, (std::vector<std::string>{"a", "b"}));
  t = ParseTargets(mapper, {"gsvc,secrets", "x"});
  ASSERT_EQ(t->size(), 2u);
  EXPECT_EQ((*t)[1].names, std::vector<std::string>{"x"});
  for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{
           {}, {"gsvc/a", "b"}, {"gsvc/"}, {"/a"}, {"gsvc/a/b"}, {"none"}, {","}}) {
    EXPECT_FALSE(ParseTargets(mapper, bad).ok());
  }
}

TEST(TemplateTest, Renders) {
  const Json doc = Json::parse(R"({"items":[{"n":"a","v":1},{"n":"b","v":{"x":true}}],"s":"t"})");
  const struct {
    const char *text, *out;
  } kCases[] = {
      {"{.s}", "t"},
      {".s", "t"},
      {"s", "t"},
      {"{.items[*].n}", "a b"},
      {"{.items[1].v}", R"({"x":true})"},
      {"{range .items[*]}{.n}={.v}{\"\\n\"}{end}", "a=1\nb={\"x\":true}\n"},
      {"<{.none}>", "<>"},
      {"{.items[?(@.n==\"b\")].v.x}", "true"},
      {"{'quoted'} {@.s}", "quoted t"},
  };
  for (const auto& c : kCases) {
    const auto t = JsonPathTemplate::Parse(c.text);
    ASSERT_TRUE(t.ok()) << c.text << t.error().message;
    EXPECT_EQ(t->Render(doc), c.out) << c.text;
  }
  for (const char* bad : {"{.a", "{range .x}", "{end}", "{.a[}"}) {
    EXPECT_FALSE(JsonPathTemplate::Parse(bad).ok()) << bad;
  }
}

TEST(DescribeTest, SplitsWords) {
  EXPECT_EQ(LabelOf("containerPort"), "Container Port");
  EXPECT_EQ(LabelOf("hostIP"), "Host IP");
  EXPECT_EQ(LabelOf("IPAddress"), "IP Address");
  EXPECT_EQ(LabelOf("gantry.dev/x"), "gantry.dev/x");
}

TEST(DescribeTest, HidesSecrets) {
  const std::string out = DescribeObject(
      Object(Json::parse(
          R"({"kind":"Secret","metadata":{"name":"s"},"data":{"password":"aHVudGVy"}})")),
      {}, WallTime());
  EXPECT_THAT(out, ::testing::Not(HasSubstr("aHVudGVy")));
  EXPECT_THAT(out, HasSubstr("password:"));
}

TEST(TimeoutTest, Parses) {
  EXPECT_EQ(*ParseTimeout("30s"), std::chrono::seconds(30));
  EXPECT_EQ(*ParseTimeout("5"), std::chrono::seconds(5));
  EXPECT_EQ(*ParseTimeout("-1s"), -std::chrono::seconds(1));
  EXPECT_FALSE(ParseTimeout("soon").ok());
}

}  // namespace
}  // namespace gantry::kubectl
