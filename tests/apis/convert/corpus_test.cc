#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "apis/compose/compose.h"
#include "apis/convert/to_compose.h"
#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/yaml/yaml.h"

// The templates of tests/apis/compose, read, written and read again.
namespace gantry::convert {
namespace {

namespace fs = std::filesystem;

compose::Output ReadTemplate(const std::string& text) {
  compose::Input input;
  input.application = "shop";
  input.text = text;
  input.parameters = {{"POSTGRES_VERSION", "15"}, {"DB_PASSWORD", "x"}};
  return compose::Convert(input);
}

ComposeDocument Write(const compose::Output& output) {
  std::vector<Object> services, volumes;
  for (const compose::Service& service : output.services) {
    services.emplace_back(v1::kServices.gvk(), ObjectKey{"default", service.name});
    services.back().set_label(v1::kLabelComposeService, service.compose_name);
    services.back().json()["spec"] = service.spec.ToJson();
  }
  for (const compose::Volume& volume : output.volumes)
    volumes.emplace_back(v1::kVolumes.gvk(), ObjectKey{"default", volume.name});
  return ToCompose(services, volumes);
}

// Services by their names; those of volumes are of objects on the way back, and the order of
// variables has no meaning.
std::string Describe(const compose::Output& output) {
  Json all = Json::object();
  for (const compose::Service& service : output.services) {
    Json spec = service.spec.ToJson();
    for (Json& mount : spec["template"]["mounts"]) {
      if (GetString(mount, "type") == "volume") mount.erase("source");
    }
    Json& variables = spec["template"]["env"];
    std::sort(variables.begin(), variables.end());
    all[service.name] = std::move(spec);
  }
  return yaml::ToYaml(all);
}

TEST(Corpus, ThereAndBack) {
  int same = 0, noted = 0;
  for (const auto& entry : fs::directory_iterator(GANTRY_TEMPLATES)) {
    if (entry.path().extension() != ".yaml") continue;
    SCOPED_TRACE(entry.path().filename().string());
    std::ifstream in(entry.path());
    std::ostringstream text;
    text << in.rdbuf();
    const compose::Output first = ReadTemplate(text.str());
    if (!first.errors.empty() || first.services.empty()) continue;
    const ComposeDocument document = Write(first);
    const std::string written = yaml::ToYaml(document.json);
    const compose::Output second = ReadTemplate(written);
    EXPECT_TRUE(second.errors.empty()) << second.errors[0].ToString() << "\n" << written;
    // What Compose cannot say is named, and only then something else comes back.
    if (document.notes.empty()) {
      EXPECT_EQ(Describe(second), Describe(first)) << written;
      ++same;
    } else {
      ++noted;
    }
    EXPECT_EQ(second.services.size(), first.services.size());
    EXPECT_EQ(second.volumes.size(), first.volumes.size());
  }
  EXPECT_GE(same, 30);
  EXPECT_LE(noted, same);
}

}  // namespace
}  // namespace gantry::convert
