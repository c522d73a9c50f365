#include <gtest/gtest.h>

#include "apis/machinery/schema/definition.h"
#include "schemas/embedded.h"

// Every manifest of schemas/ is a sound definition.
namespace gantry::schema {
namespace {

void ExpectDescriptions(const Json& schema, const std::string& path) {
  const auto properties = schema.find("properties");
  if (properties != schema.end()) {
    for (const auto& [name, sub] : properties->items()) {
      EXPECT_TRUE(sub.contains("description")) << path << "." << name;
      ExpectDescriptions(sub, path + "." + name);
    }
  }
  for (const char* key : {"items", "additionalProperties"})
    if (const auto sub = schema.find(key); sub != schema.end() && sub->is_object())
      ExpectDescriptions(*sub, path + "." + key);
}

TEST(Builtin, EveryManifestIsADefinition) {
  ASSERT_FALSE(schemas::Embedded().empty());
  for (const schemas::Manifest& m : schemas::Embedded()) {
    const Result<Json> crd = ParseJson(m.json);
    ASSERT_TRUE(crd.ok()) << m.path;
    const auto d = ParseDefinition(*crd, Origin::kBuiltin);
    if (!d.ok()) {
      ADD_FAILURE() << m.path << ": " << d.error().message;
      continue;
    }
    EXPECT_TRUE((*d)->warnings.empty()) << m.path << ": " << (*d)->warnings.front();
    for (const Version& v : (*d)->versions) {
      ExpectDescriptions(v.schema->openapi(), std::string(m.path));
      for (const PrinterColumn& c : v.columns)
        EXPECT_TRUE(c.type == "date" || !c.description.empty()) << m.path << " " << c.name;
    }
  }
}

// An object of nothing but defaults breaks no rule beyond what is required of its author.
TEST(Builtin, DefaultsAreStableAndValid) {
  for (const schemas::Manifest& m : schemas::Embedded()) {
    const auto d = ParseDefinition(*ParseJson(m.json), Origin::kBuiltin);
    if (!d.ok()) continue;  // reported above
    const Schema& schema = *(*d)->StorageVersion().schema;
    Json object = {{"apiVersion", "x/v1"},
                   {"kind", (*d)->kind},
                   {"metadata", {{"name", "a"}}},
                   {"spec", Json::object()}};
    std::vector<std::string> dropped;
    schema.Prune(&object, &dropped);
    schema.Default(&object);
    const Json once = object;
    schema.Default(&object);
    EXPECT_EQ(object, once) << m.path;
    schema.Prune(&object, nullptr);
    EXPECT_EQ(object, once) << m.path;
    for (const FieldError& e : schema.Validate(object))
      EXPECT_EQ(e.type, FieldError::Type::kRequired) << m.path << ": " << e.ToString();
  }
}

}  // namespace
}  // namespace gantry::schema
