#include <gtest/gtest.h>

#include "tests/apiserver/endpoints/config_map_fixture.h"

// A changed template needs another version, where one was given.
namespace gantry::testing {
namespace {

constexpr char kApplicationsPath[] = "/apis/gantry.dev/v1/namespaces/default/applications";
const HeaderList kVersionPatch = {{"Content-Type", "application/merge-patch+json"}};

struct VersionCase {
  const char* name;
  const char* spec;   // at creation
  const char* patch;  // of the spec
  const char* error;  // empty: allowed
};

class ApplicationVersions : public ConfigMapFixture,
                            public ::testing::WithParamInterface<VersionCase> {};

TEST_P(ApplicationVersions, AreChecked) {
  const RawAnswer made = raw_.Do(
      "POST", kApplicationsPath,
      std::string(
          R"({"apiVersion":"gantry.dev/v1","kind":"Application","metadata":{"name":"a"},)") +
          R"("spec":)" + GetParam().spec + "}");
  ASSERT_EQ(made.status, 201) << made.text;
  const RawAnswer changed =
      raw_.Do("PATCH", kApplicationsPath + std::string("/a"),
              std::string(R"({"spec":)") + GetParam().patch + "}", kVersionPatch);
  const std::string error = GetParam().error;
  EXPECT_EQ(changed.status, error.empty() ? 200 : 422) << changed.text;
  if (!error.empty()) {
    EXPECT_NE(GetString(changed.body, "message").find(error), std::string::npos) << changed.text;
    const Json& causes = changed.body["details"]["causes"];
    EXPECT_EQ(causes[0]["field"], "spec.version") << changed.text;
  }
}

#define WEB(image) R"("compose":"services: {web: {image: )" image R"(}}")"
#define WITH_PARAMETER R"("compose":"services: {web: {image: 'w:${V}'}}","parameters":{"V":"1"})"

INSTANTIATE_TEST_SUITE_P(
    , ApplicationVersions,
    ::testing::Values(
        VersionCase{"SameVersion", R"({"version":"1",)" WEB("a") "}", "{" WEB("b") "}",
                    R"(spec.version: Invalid value: "1": must be another one than before, because )"
                    "spec.compose changed"},
        VersionCase{"AllThatChanged", R"({"version":"1",)" WITH_PARAMETER "}",
                    R"({"compose":"services: {web: {image: 'x:${V}'}}","parameters":{"V":"2"}})",
                    "because spec.compose and spec.parameters changed"},
        VersionCase{"SourcesOfParameters",
                    R"({"version":"1","parametersFrom":[{"secretRef":{"name":"s"}}],)" WEB("a") "}",
                    R"({"parametersFrom":[{"secretRef":{"name":"t"}}]})",
                    "because spec.parametersFrom changed"},
        VersionCase{"VersionTakenAway", R"({"version":"1",)" WEB("a") "}",
                    R"({"version":null,)" WEB("b") "}", "spec.version: Required value"},
        VersionCase{"WithFaultsOfTheTemplate", R"({"version":"1",)" WEB("a") "}",
                    R"({"compose":"services: {web: {image: a, build: .}}"})",
                    "services.web.build: Forbidden"},
        VersionCase{"AnotherVersion", R"({"version":"1",)" WEB("a") "}",
                    R"({"version":"2",)" WEB("b") "}", ""},
        VersionCase{"NeverOne", "{" WEB("a") "}", "{" WEB("b") "}", ""},
        VersionCase{"FirstOne", "{" WEB("a") "}", R"({"version":"1",)" WEB("b") "}", ""},
        VersionCase{"OnlyTheVersion", R"({"version":"1",)" WEB("a") "}", R"({"version":"2"})", ""},
        VersionCase{"WhatDoesNotRun", R"({"version":"1",)" WEB("a") "}",
                    R"({"description":"x","stopped":true,"updatePolicy":{"type":"Recreate"}})", ""},
        VersionCase{"EmptyParameters", R"({"version":"1",)" WEB("a") "}", R"({"parameters":{}})",
                    ""}),
    [](const auto& tested) { return tested.param.name; });

#undef WEB
#undef WITH_PARAMETER

}  // namespace
}  // namespace gantry::testing
