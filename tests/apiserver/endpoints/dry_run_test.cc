#include <gtest/gtest.h>

#include "tests/apiserver/endpoints/config_map_fixture.h"

// A dry run answers as the write would, and leaves nothing behind: on every verb and subresource.
namespace gantry::testing {
namespace {

class DryRun : public ConfigMapFixture {
 protected:
  DryRun() {
    InstallWidgets(raw_);
    EXPECT_EQ(raw_.Do("POST", kWidgetsPath, Widget("w")).status, 201);
    EXPECT_EQ(raw_.Do("POST", "/api/v1/namespaces", R"({"metadata":{"name":"team"}})").status, 201);
    Make("a");
  }
  static std::string Widget(const std::string& name) {
    return R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":")" + name +
           R"("},"spec":{"replicas":1}})";
  }
  // Everything that is stored.
  std::string Everything() {
    std::string all;
    for (const char* path :
         {"/api/v1/configmaps", "/api/v1/namespaces", "/apis/example.com/v1/widgets",
          "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"}) {
      const RawAnswer list = raw_.Get(path);
      all += list.body["items"].dump();
    }
    return all;
  }
};

TEST_F(DryRun, LeavesNothingBehind) {
  const std::string widget = std::string(kWidgetsPath) + "/w";
  const std::string map = path_ + "/a";
  const std::string definition =
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com";
  const std::string apply =
      "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: NAME}\n"
      "spec: {replicas: 3}\n";
  const auto applied = [&](const std::string& name) {
    std::string text = apply;
    return text.replace(text.find("NAME"), 4, name);
  };
  constexpr char kJson[] = "application/json", kMerge[] = "application/merge-patch+json",
                 kPatch[] = "application/json-patch+json",
                 kStrategic[] = "application/strategic-merge-patch+json",
                 kApply[] = "application/apply-patch+yaml";
  struct Case {
    const char* method;
    std::string target;
    std::string body;
    const char* type;
    int code;
    std::string shows;  // a part of the answer
  };
  const Case cases[] = {
      {"POST", path_, ConfigMapBody("b"), kJson, 201, R"("name":"b")"},
      {"POST", path_, R"({"metadata":{"generateName":"g-"}})", kJson, 201, R"("name":"g-)"},
      {"POST", kWidgetsPath, Widget("x"), kJson, 201, R"("generation":1)"},
      {"POST", "/api/v1/namespaces", R"({"metadata":{"name":"other"}})", kJson, 201, "Active"},
      {"PUT", widget, Widget("w"), kJson, 200, R"("name":"w")"},
      {"PATCH", map, R"({"data":{"k":"new"}})", kMerge, 200, R"("k":"new")"},
      {"PATCH", map, R"({"data":{"k":"new"}})", kStrategic, 200, R"("k":"new")"},
      {"PATCH", map, R"([{"op":"add","path":"/data/z","value":"1"}])", kPatch, 200, R"("z":"1")"},
      {"PATCH", widget + "?fieldManager=m&force=true", applied("w"), kApply, 200,
       R"("generation":2)"},
      {"PATCH", std::string(kWidgetsPath) + "/y?fieldManager=m", applied("y"), kApply, 201,
       R"("operation":"Apply")"},
      {"PATCH", widget + "/status", R"({"status":{"replicas":4}})", kMerge, 200, R"("replicas":4)"},
      {"PUT", widget + "/status",
       R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},)"
       R"("status":{"replicas":4}})",
       kJson, 200, R"("replicas":4)"},
      {"PATCH", widget + "/scale", R"({"spec":{"replicas":4}})", kMerge, 200, R"("kind":"Scale")"},
      {"PUT", widget + "/scale",
       R"({"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"w"},)"
       R"("spec":{"replicas":4}})",
       kJson, 200, R"("replicas":4)"},
      {"PUT", "/api/v1/namespaces/team/finalize",
       R"({"kind":"Namespace","apiVersion":"v1","metadata":{"name":"team"},"spec":{"finalizers":[]}})",
       kJson, 200, R"("name":"team")"},
      {"DELETE", map, "", kJson, 200, "Success"},
      {"DELETE", widget + "?propagationPolicy=Foreground", "", kJson, 200, "foregroundDeletion"},
      {"DELETE", "/api/v1/namespaces/team", "", kJson, 200, "Terminating"},
      {"DELETE", definition, "", kJson, 200, "Terminating"},
      {"DELETE", path_, "", kJson, 200, R"("name":"a")"},
      {"DELETE", std::string(kWidgetsPath) + "?labelSelector=!none", "", kJson, 200,
       R"("name":"w")"},
      {"PATCH", definition, R"({"spec":{"names":{"shortNames":["short"]}}})", kMerge, 200,
       R"("short")"},
  };
  const std::string before = Everything();
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.method) + " " + c.target);
    const std::string target =
        c.target + (c.target.find('?') == std::string::npos ? "?" : "&") + "dryRun=All";
    const RawAnswer answer = raw_.Do(c.method, target, c.body, {{"Content-Type", c.type}});
    EXPECT_EQ(answer.status, c.code) << answer.text;
    EXPECT_NE(answer.text.find(c.shows), std::string::npos) << answer.text;
    EXPECT_EQ(Everything(), before);
  }
  EXPECT_EQ(
      raw_.Get("/apis/example.com/v1").body["resources"][0]["shortNames"].dump().find("short"),
      std::string::npos);
}

TEST_F(DryRun, RefusesWhatTheWriteWouldRefuse) {
  for (const auto& [method, target, body, code] :
       {std::tuple<const char*, std::string, std::string, int>{"POST", path_, ConfigMapBody("a"),
                                                               409},
        {"POST", path_, ConfigMapBody("Bad_Name"), 422},
        {"DELETE", path_ + "/none", "", 404},
        {"DELETE", path_ + "/a", R"({"preconditions":{"uid":"other"}})", 409},
        {"PUT", path_ + "/none", ConfigMapBody("none"), 404}}) {
    const RawAnswer answer = raw_.Do(method, target + "?dryRun=All", body);
    EXPECT_EQ(answer.status, code) << answer.text;
  }
}

// Terraform shows a plan made by a dry run, and fails when the apply then differs.
TEST_F(DryRun, ForetellsWhatTheWriteDoes) {
  const std::string target = std::string(kWidgetsPath) + "/planned?fieldManager=Terraform";
  const std::string config =
      "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: planned}\nspec: {ports: [{port: "
      "1}], replicas: 2}\n";
  const HeaderList type = {{"Content-Type", "application/apply-patch+yaml"}};
  const auto without_what_only_time_tells = [](Json object) {
    for (const char* field : {"uid", "resourceVersion", "creationTimestamp"}) {
      object["metadata"].erase(field);
    }
    for (Json& entry : object["metadata"]["managedFields"]) entry.erase("time");
    return object;
  };
  for (int round = 0; round < 2; ++round) {
    const RawAnswer planned = raw_.Do("PATCH", target + "&dryRun=All", config, type);
    const RawAnswer made = raw_.Do("PATCH", target, config, type);
    ASSERT_LT(made.status, 300) << made.text;
    EXPECT_EQ(planned.status, made.status);
    EXPECT_EQ(without_what_only_time_tells(planned.body), without_what_only_time_tells(made.body));
  }
}

}  // namespace
}  // namespace gantry::testing
