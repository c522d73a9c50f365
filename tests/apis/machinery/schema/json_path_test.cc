#include "apis/machinery/schema/json_path.h"

#include <gtest/gtest.h>

namespace gantry::schema {
namespace {

TEST(JsonPath, TableOfMatches) {
  const Json doc = *ParseJson(R"({"metadata":{"name":"web","labels":{"a.b/c":"v"}},
      "spec":{"replicas":3,"on":true,"none":null,
        "ports":[{"port":80,"name":"http"},{"port":443,"name":"https"},{"port":9000}]},
      "status":{"conditions":[{"type":"Synced","status":"True"},{"type":"Ready","status":"False"}]}})");
  const std::vector<std::pair<const char*, const char*>> cases = {
      {".metadata.name", "web"},
      {"{.metadata.name}", "web"},
      {"$.metadata.name", "web"},
      {"metadata.name", "web"},
      {".spec.replicas", "3"},
      {".spec.on", "true"},
      {".spec.none", "null"},
      {".spec.absent", ""},
      {".spec.replicas.below", ""},
      {".spec.ports[0].port", "80"},
      {".spec.ports[-1].port", "9000"},
      {".spec.ports[3].port", ""},
      {".spec.ports[*].port", "80,443,9000"},
      {".spec.ports[0:2].name", "http,https"},
      {".spec.ports[1:].port", "443,9000"},
      {".spec.ports[:-1].port", "80,443"},
      {".spec.ports[-2:].port", "443,9000"},
      {"['metadata']['name']", "web"},
      {".metadata.labels['a.b/c']", "v"},
      {R"(.metadata.labels.a\.b/c)", "v"},
      {".metadata.labels.*", "v"},
      {R"(.status.conditions[?(@.type=="Ready")].status)", "False"},
      {R"(.status.conditions[?(@.type == 'Synced')].status)", "True"},
      {R"(.status.conditions[?(@.type!="Ready")].type)", "Synced"},
      {".spec.ports[?(@.port>80)].port", "443,9000"},
      {".spec.ports[?(@.port>=443)].port", "443,9000"},
      {".spec.ports[?(@.port<443)].name", "http"},
      {".spec.ports[?(@.port<=443)].name", "http,https"},
      {".spec.ports[?(@.name)].port", "80,443"},
      {R"(.spec.ports[?(@.port=="80")].port)", ""},
      {".spec.ports[0]", R"({"name":"http","port":80})"}};
  for (const auto& [text, want] : cases) {
    const auto path = JsonPath::Parse(text);
    ASSERT_TRUE(path.ok()) << text << ": " << path.error().message;
    EXPECT_EQ(path->FindText(doc), want) << text;
    EXPECT_EQ(path->text(), text);
  }
  EXPECT_EQ(JsonPath::Parse(".")->FindText(doc), DumpJson(doc));
}

TEST(JsonPath, SaysWhatIsWrong) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "must not be empty"},
      {"{.a", "missing closing brace"},
      {".a..b", "recursive descent is not supported"},
      {".a[0", "missing closing bracket"},
      {".a[x]", "an index, a slice, a quoted name, * or a filter must follow ["},
      {".a['x]", "unterminated quote"},
      {".a.", "a field name must follow the dot"},
      {".a[?(b==1)]", "a filter must start with @"},
      {".a[?(@.b==nope)]", "\"nope\" is no string, number, true, false or null"},
      {".a[?(@.b==1", "a filter must end with )]"},
      {".a]", "unexpected ']'"}};
  for (const auto& [text, want] : cases) {
    const auto path = JsonPath::Parse(text);
    ASSERT_FALSE(path.ok()) << text;
    EXPECT_EQ(path.code(), Code::kInvalid);
    EXPECT_NE(path.error().message.find(want), std::string::npos) << path.error().message;
  }
}

}  // namespace
}  // namespace gantry::schema
