#include "apis/compose/extends.h"

#include <gtest/gtest.h>

#include "apis/compose/compose.h"
#include "tests/apis/compose/texts.h"

namespace gantry::compose {
namespace {

Json Parsed(const char* text) {
  auto json = ParseJson(text);
  EXPECT_TRUE(json.ok()) << text;
  return *json;
}

TEST(Extends, MergesKeyByKey) {
  struct Case {
    const char* base;
    const char* own;
    const char* want;
  };
  const Case cases[] = {
      {R"({"image": "a", "user": "1"})", R"({"image": "b"})", R"({"image": "b", "user": "1"})"},
      {R"({"command": ["a", "b"]})", R"({"command": ["c"]})", R"({"command": ["c"]})"},
      {R"({"environment": ["A=1", "B=x=y", "C"]})", R"({"environment": {"A": 2}})",
       R"({"environment": {"A": 2, "B": "x=y", "C": null}})"},
      {R"({"labels": {"a": "1"}})", R"({"labels": ["b=2"]})",
       R"({"labels": {"a": "1", "b": "2"}})"},
      {R"({"ports": ["80", "81"]})", R"({"ports": ["80", "82"]})",
       R"({"ports": ["81", "80", "82"]})"},
      {R"({"volumes": ["a:/x:ro", "b:/y", "/z"]})",
       R"({"volumes": [{"type": "bind", "source": "/c", "target": "/x"}]})",
       R"({"volumes": ["b:/y", "/z", {"type": "bind", "source": "/c", "target": "/x"}]})"},
      {R"({"dns": "1.1.1.1"})", R"({"dns": ["2.2.2.2"]})", R"({"dns": ["1.1.1.1", "2.2.2.2"]})"},
      {R"({"depends_on": ["a"]})", R"({"depends_on": {"b": {"condition": "service_healthy"}}})",
       R"({"depends_on": {"a": {"condition": "service_started"},
                          "b": {"condition": "service_healthy"}}})"},
      {R"({"healthcheck": {"test": ["CMD", "a"], "retries": 3}})",
       R"({"healthcheck": {"test": ["CMD", "b"]}})",
       R"({"healthcheck": {"test": ["CMD", "b"], "retries": 3}})"},
      {R"({"logging": {"driver": "a", "options": {"x": "1"}}})", R"({"logging": {"driver": "b"}})",
       R"({"logging": {"driver": "b"}})"},
      {R"({"deploy": {"replicas": 2, "resources": {"limits": {"cpus": 1}}}})",
       R"({"deploy": {"replicas": 3}})",
       R"({"deploy": {"replicas": 3, "resources": {"limits": {"cpus": 1}}}})"},
  };
  for (const Case& c : cases) {
    for (const char* spelling : {R"("base")", R"({"service": "base"})"}) {
      Json services = {{"base", Parsed(c.base)}, {"web", Parsed(c.own)}};
      services["web"]["extends"] = Parsed(spelling);
      Diagnostics diag;
      ResolveExtends(&services, "services", &diag);
      EXPECT_TRUE(diag.errors().empty());
      EXPECT_EQ(services["web"], Parsed(c.want)) << c.base << c.own;
      EXPECT_EQ(services["base"], Parsed(c.base));
    }
  }
}

TEST(Extends, ChainsAndFaults) {
  Json services = Parsed(R"({"a": {"extends": "b", "x": 1}, "b": {"extends": "c", "y": 2},
                             "c": {"z": 3}})");
  Diagnostics diag;
  ResolveExtends(&services, "services", &diag);
  EXPECT_TRUE(diag.errors().empty());
  EXPECT_EQ(services["a"], Parsed(R"({"x": 1, "y": 2, "z": 3})"));

  const std::pair<const char*, const char*> cases[] = {
      {R"({"a": {"extends": "b"}, "b": {"extends": "a"}})",
       R"(spec.compose: services.b.extends: Invalid value: "a": services must not extend each other in a circle)"},
      {R"({"a": {"extends": "a"}})",
       R"(spec.compose: services.a.extends: Invalid value: "a": services must not extend each other in a circle)"},
      {R"({"a": {"extends": "x"}})",
       R"(spec.compose: services.a.extends: Invalid value: "x": is not a service of this template)"},
      {R"({"a": {"extends": {"name": "b"}}, "b": {}})",
       R"(spec.compose: services.a.extends: Invalid value: {"name":"b"}: must be the name of a service, or a map with `service`)"},
  };
  for (const auto& [text, error] : cases) {
    Json wrong = Parsed(text);
    Diagnostics faults;
    ResolveExtends(&wrong, "services", &faults);
    ASSERT_EQ(faults.errors().size(), 1u) << text;
    EXPECT_EQ(WithoutPosition(faults.errors()[0].ToString()), error);
  }
}

TEST(Extends, GrowthIsBounded) {
  Json services = {{"base", {{"labels", {{"a", std::string(100000, 'x')}}}}}};
  for (int i = 0; i < 100; ++i) services["s" + std::to_string(i)] = {{"extends", "base"}};
  Diagnostics diag;
  ResolveExtends(&services, "services", &diag);
  EXPECT_FALSE(diag.errors().empty());
  EXPECT_LT(DumpJson(services).size(), size_t{6} << 20);
}

TEST(Extends, ComesBeforeVariables) {
  Input input;
  input.application = "shop";
  input.secret_parameters = {{"PASSWORD", "hunter2"}};
  input.text =
      "services: {base: {image: a, environment: ['P=x${PASSWORD}']}, web: {extends: base}}";
  const Output out = Convert(input);
  ASSERT_TRUE(out.errors.empty()) << out.errors[0].ToString();
  EXPECT_EQ(out.secrets, (std::map<std::string, std::string>{{"shop-base.P", "xhunter2"},
                                                             {"shop-web.P", "xhunter2"}}));
}

}  // namespace
}  // namespace gantry::compose
