#include "apiserver/rbac/rules.h"

#include <gtest/gtest.h>

namespace gantry::apiserver::rbac {
namespace {

RequestInfo Resource(const std::string& verb, const std::string& group, const std::string& resource,
                     const std::string& subresource = "", const std::string& name = "") {
  RequestInfo info;
  info.is_resource = true;
  info.verb = verb;
  info.group = group;
  info.resource = resource;
  info.subresource = subresource;
  info.name = name;
  return info;
}

TEST(Rules, AllowResources) {
  const struct {
    const char* what;
    Rule rule;
    RequestInfo info;
    bool allowed;
  } cases[] = {
      {"exact",
       {{"get"}, {"gantry.dev"}, {"services"}, {}, {}},
       Resource("get", "gantry.dev", "services"),
       true},
      {"another verb",
       {{"get"}, {"gantry.dev"}, {"services"}, {}, {}},
       Resource("list", "gantry.dev", "services"),
       false},
      {"another group",
       {{"get"}, {""}, {"services"}, {}, {}},
       Resource("get", "gantry.dev", "services"),
       false},
      {"another resource",
       {{"get"}, {"gantry.dev"}, {"nodes"}, {}, {}},
       Resource("get", "gantry.dev", "services"),
       false},
      {"any verb",
       {{"*"}, {"gantry.dev"}, {"services"}, {}, {}},
       Resource("deletecollection", "gantry.dev", "services"),
       true},
      {"any group",
       {{"get"}, {"*"}, {"services"}, {}, {}},
       Resource("get", "x.y", "services"),
       true},
      {"any resource", {{"get"}, {"x.y"}, {"*"}, {}, {}}, Resource("get", "x.y", "a"), true},
      {"any resource with subresources",
       {{"get"}, {"x.y"}, {"*"}, {}, {}},
       Resource("get", "x.y", "a", "status"),
       true},
      {"a resource is without its subresources",
       {{"get"}, {""}, {"pods"}, {}, {}},
       Resource("get", "", "pods", "log"),
       false},
      {"a subresource",
       {{"get"}, {""}, {"pods/log"}, {}, {}},
       Resource("get", "", "pods", "log"),
       true},
      {"a subresource is without its resource",
       {{"get"}, {""}, {"pods/log"}, {}, {}},
       Resource("get", "", "pods"),
       false},
      {"a subresource of all",
       {{"update"}, {"*"}, {"*/scale"}, {}, {}},
       Resource("update", "gantry.dev", "services", "scale"),
       true},
      {"another subresource of all",
       {{"update"}, {"*"}, {"*/scale"}, {}, {}},
       Resource("update", "gantry.dev", "services", "status"),
       false},
      {"a name",
       {{"get"}, {""}, {"secrets"}, {"a", "b"}, {}},
       Resource("get", "", "secrets", "", "b"),
       true},
      {"another name",
       {{"get"}, {""}, {"secrets"}, {"a", "b"}, {}},
       Resource("get", "", "secrets", "", "c"),
       false},
      {"names, and nothing named",
       {{"list"}, {""}, {"secrets"}, {"a"}, {}},
       Resource("list", "", "secrets"),
       false},
      {"paths are no resources",
       {{"get"}, {}, {}, {}, {"*"}},
       Resource("get", "", "secrets"),
       false},
      {"nothing", {}, Resource("get", "", "secrets"), false},
  };
  for (const auto& c : cases) EXPECT_EQ(Allows(c.rule, c.info, ""), c.allowed) << c.what;
}

TEST(Rules, AllowPaths) {
  const struct {
    const char* url;
    const char* path;
    bool allowed;
  } cases[] = {
      {"/metrics", "/metrics", true},
      {"/metrics", "/metrics/x", false},
      {"/debug/*", "/debug/gantry", true},
      {"/debug/*", "/debug", false},
      {"/apis*", "/apis/gantry.dev", true},
      {"*", "/backup", true},
      {"/a**", "/ab", true},
      {"/version", "/version/", false},
  };
  RequestInfo info;
  info.verb = "get";
  for (const auto& c : cases) {
    const Rule rule{{"get"}, {}, {}, {}, {c.url}};
    EXPECT_EQ(Allows(rule, info, c.path), c.allowed) << c.url << " " << c.path;
  }
  const Rule resources{{"*"}, {"*"}, {"*"}, {}, {}};
  EXPECT_FALSE(Allows(resources, info, "/metrics"));
}

TEST(Rules, UncoveredIsWhatNobodyHolds) {
  const Rule read{{"get", "list"}, {"gantry.dev"}, {"services", "nodes"}, {}, {}};
  const struct {
    const char* what;
    Rules held;
    Rules wanted;
    size_t missing;
  } cases[] = {
      {"nothing held", {}, {read}, 4},
      {"the same", {read}, {read}, 0},
      {"from several rules",
       {{{"get"}, {"*"}, {"*"}, {}, {}}, {{"list"}, {"gantry.dev"}, {"nodes"}, {}, {}}},
       {read},
       1},
      {"everything", EverythingRules(), {read, {{"get"}, {}, {}, {}, {"/metrics"}}}, 0},
      {"a star is held by a star alone", {read}, {{{"*"}, {"gantry.dev"}, {"nodes"}, {}, {}}}, 1},
      {"a name within all", {read}, {{{"get"}, {"gantry.dev"}, {"nodes"}, {"n1"}, {}}}, 0},
      {"all are more than a name",
       {{{"get"}, {""}, {"secrets"}, {"a"}, {}}},
       {{{"get"}, {""}, {"secrets"}, {}, {}}},
       1},
      {"one name of two",
       {{{"get"}, {""}, {"secrets"}, {"a"}, {}}},
       {{{"get"}, {""}, {"secrets"}, {"a", "b"}, {}}},
       1},
      {"a subresource of all",
       {{{"get"}, {""}, {"*/log"}, {}, {}}},
       {{{"get"}, {""}, {"pods/log"}, {}, {}}},
       0},
      {"a resource does not give its subresources",
       {{{"get"}, {""}, {"pods"}, {}, {}}},
       {{{"get"}, {""}, {"pods/log"}, {}, {}}},
       1},
      {"paths below",
       {{{"get"}, {}, {}, {}, {"/debug/*"}}},
       {{{"get"}, {}, {}, {}, {"/debug/a"}}},
       0},
      {"paths above",
       {{{"get"}, {}, {}, {}, {"/debug/a"}}},
       {{{"get"}, {}, {}, {}, {"/debug/*"}}},
       1},
  };
  for (const auto& c : cases) EXPECT_EQ(Uncovered(c.held, c.wanted).size(), c.missing) << c.what;
}

TEST(Rules, SaysWhatIsMissingInFewWords) {
  const Rules missing = Uncovered({}, {{{"get", "list"}, {"gantry.dev"}, {"services"}, {}, {}}});
  const Rules compact = Compact(missing);
  ASSERT_EQ(compact.size(), 1u);
  EXPECT_EQ(Describe(compact[0]),
            R"({APIGroups:["gantry.dev"], Resources:["services"], Verbs:["get" "list"]})");
  EXPECT_EQ(Describe({{"get"}, {}, {}, {}, {"/metrics"}}),
            R"({NonResourceURLs:["/metrics"], Verbs:["get"]})");
}

TEST(Rules, JsonThereAndBack) {
  const Rule rule{{"get"}, {""}, {"secrets"}, {"a"}, {}};
  EXPECT_EQ(RulesFromJson(Json::array({RuleToJson(rule)})), Rules{rule});
  EXPECT_TRUE(RulesFromJson(Json("text")).empty());
}

}  // namespace
}  // namespace gantry::apiserver::rbac
