#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "apis/compose/compose.h"
#include "apis/machinery/schema/definition.h"
#include "apis/machinery/yaml/yaml.h"
#include "schemas/embedded.h"

// Whole documents against what they must become: testdata/<name>.yaml and <name>.golden. Run with
// GANTRY_UPDATE_GOLDEN=1 to write the latter anew, then read the difference.
namespace gantry::compose {
namespace {

namespace fs = std::filesystem;

fs::path TestData() { return GANTRY_TESTDATA; }

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Json Render(const Output& output) {
  Json json = Json::object();
  for (const Service& s : output.services) {
    json["services"][s.compose_name] = {
        {"name", s.name}, {"replicasDeclared", s.replicas_declared}, {"spec", s.spec.ToJson()}};
  }
  for (const Volume& v : output.volumes) {
    json["volumes"][v.compose_name] = {{"name", v.name}, {"cluster", v.spec.cluster}};
  }
  if (!output.secrets.empty()) json["secrets"] = output.secrets;
  if (!output.warnings.empty()) json["warnings"] = output.warnings;
  if (!output.not_acted_on.empty()) json["notActedOn"] = output.not_acted_on;
  for (const FieldError& e : output.errors) json["errors"].push_back(e.ToString());
  return json;
}

std::shared_ptr<const schema::Schema> ServiceSchema() {
  for (const schemas::Manifest& m : schemas::Embedded()) {
    if (m.path != "gantry.dev/service.yaml") continue;
    const auto definition = schema::ParseDefinition(*ParseJson(m.json), schema::Origin::kBuiltin);
    if (definition.ok()) return (*definition)->StorageVersion().schema;
  }
  return nullptr;
}

// The documents of the directory, by name.
std::vector<std::string> Documents() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(TestData())) {
    if (entry.path().extension() == ".yaml") out.push_back(entry.path().stem());
  }
  std::sort(out.begin(), out.end());
  return out;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, Converts) {
  Input input;
  input.application = "shop";
  input.text = ReadFile(TestData() / (GetParam() + ".yaml"));
  input.parameters = {{"POSTGRES_VERSION", "15"}};
  input.secret_parameters = {{"DB_PASSWORD", "hunter2"}};
  const Output output = Convert(input);

  const fs::path golden = TestData() / (GetParam() + ".golden");
  const std::string got = yaml::ToYaml(Render(output));
  if (std::getenv("GANTRY_UPDATE_GOLDEN") != nullptr) std::ofstream(golden) << got;
  EXPECT_EQ(got, ReadFile(golden));
  EXPECT_EQ(got, yaml::ToYaml(Render(Convert(input)))) << "a second run differs";

  const auto schema = ServiceSchema();
  ASSERT_NE(schema, nullptr);
  for (const Service& s : output.services) {
    Json object = {{"apiVersion", "gantry.dev/v1"},
                   {"kind", "Service"},
                   {"metadata", {{"name", s.name}}},
                   {"spec", s.spec.ToJson()}};
    std::vector<std::string> dropped;
    schema->Prune(&object, &dropped);
    EXPECT_TRUE(dropped.empty()) << testing::PrintToString(dropped);
    for (const FieldError& e : schema->Validate(object)) ADD_FAILURE() << s.name << e.ToString();
    EXPECT_EQ(v1::ServiceSpec::From(Object(object)).ToJson(), s.spec.ToJson());
  }
}

INSTANTIATE_TEST_SUITE_P(Documents, Golden, testing::ValuesIn(Documents()),
                         [](const auto& info) { return info.param; });

TEST(Corpus, IsThere) { EXPECT_GE(Documents().size(), 60u); }

}  // namespace
}  // namespace gantry::compose
