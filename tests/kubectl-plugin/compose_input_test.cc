#include "kubectl-plugin/compose_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "apis/machinery/yaml/yaml.h"
#include "kubectl-plugin/env_file.h"

namespace gantry::kubectl {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// A directory with a Compose user's files.
class ComposeInputTest : public testing::Test {
 protected:
  ComposeInputTest() {
    std::string path = (fs::temp_directory_path() / "compose-input.XXXXXX").string();
    dir_ = mkdtemp(path.data());
  }
  ~ComposeInputTest() override {
    std::error_code ec;
    fs::remove_all(dir_, ec);
  }

  std::string Write(const std::string& name, const std::string& text) {
    const fs::path path = dir_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  Result<ComposeInput> Read(std::vector<std::string> files,
                            std::vector<std::string> parameters = {}) {
    std::stringstream in, out, err;
    Io io{in, out, err};
    return ReadComposeInput(io, {std::move(files), "", std::move(parameters)});
  }
  static Json Document(const ComposeInput& input) {
    return yaml::ParseYaml(input.text)->front().value;
  }
  void Fails(const std::vector<std::string>& files, const std::string& text) {
    const auto input = Read(files);
    ASSERT_FALSE(input.ok()) << input->text;
    EXPECT_THAT(input.error().message, HasSubstr(text));
  }

  fs::path dir_;
};

TEST_F(ComposeInputTest, OneFileStaysAsItIs) {
  const std::string text = "# of the shop\nservices:\n  web: {image: 'nginx:${TAG}'}\n";
  const auto input = Read({Write("compose.yaml", text)}, {"TAG=1", "TYPO=2"});
  ASSERT_TRUE(input.ok()) << input.error().message;
  EXPECT_EQ(input->text, text);
  EXPECT_EQ(input->parameters, (Json{{"TAG", "1"}, {"TYPO", "2"}}));
}

TEST_F(ComposeInputTest, VariablesComeFromFlagsTheShellAndTheEnvFile) {
  Write(".env",
        "A=file\nB=file\nC=file-${A}\nUNUSED=x\nD='$B'\n# a comment\nexport E=\"x\\ny\" # too\n");
  setenv("GANTRY_TEST_B", "shell", 1);
  const auto input = Read({Write("compose.yaml",
                                 "services:\n  web:\n    image: ${A}${GANTRY_TEST_B}${C}${D}\n"
                                 "    environment: [E, 'F=$$X', G=1]\n")},
                          {"A=flag"});
  unsetenv("GANTRY_TEST_B");
  ASSERT_TRUE(input.ok()) << input.error().message;
  EXPECT_EQ(input->parameters, (Json{{"A", "flag"},
                                     {"C", "file-flag"},
                                     {"D", "$B"},
                                     {"E", "x\ny"},
                                     {"GANTRY_TEST_B", "shell"}}));
}

TEST_F(ComposeInputTest, LaterFilesWin) {
  const auto base =
      Write("compose.yaml",
            "services:\n  web:\n    image: a\n    command: [x, y]\n    ports: ['80']\n"
            "    environment: [A=1, B=1]\n  db: {image: db}\nvolumes: {data: {}}\n");
  const auto more =
      Write("more/override.yaml",
            "services:\n  web:\n    image: b\n    command: [z]\n    ports: ['81']\n"
            "    environment: {B: '2'}\n    env_file: own.env\nvolumes: {logs: {}}\n");
  Write("own.env", "B=3\nC='$x'\n");  // beside the first file
  const auto input = Read({base, more});
  ASSERT_TRUE(input.ok()) << input.error().message;
  EXPECT_EQ(Document(*input), Json::parse(R"({
    "services": {"db": {"image": "db"},
                 "web": {"image": "b", "command": ["z"], "ports": ["80", "81"],
                         "environment": {"A": "1", "B": "2", "C": "$$x"}}},
    "volumes": {"data": {}, "logs": {}}})"));
}

TEST_F(ComposeInputTest, FilesThatServicesName) {
  Write("base/common.yaml",
        "services:\n  app: {extends: root, image: app, env_file: [{path: app.env}, {path: no.env, "
        "required: false}]}\n  root: {environment: {A: root, B: root}, label_file: labels}\n");
  Write("base/app.env", "B=file\nC\n");
  Write("base/labels", "gantry.scale=2\n");
  const auto input =
      Read({Write("compose.yaml",
                  "services:\n  web:\n    extends: {file: '${WHERE}/common.yaml', service: app}\n"
                  "    environment: [A=web]\n")},
           {"WHERE=base"});
  ASSERT_TRUE(input.ok()) << input.error().message;
  EXPECT_EQ(Document(*input), Json::parse(R"({"services": {"web": {
    "image": "app", "environment": {"A": "web", "B": "file", "C": null},
    "labels": {"gantry.scale": "2"}}}})"));
}

TEST_F(ComposeInputTest, AnEmptyKeyTakesNothingBack) {
  Write("a.env", "A=1\n");
  const auto input =
      Read({Write("compose.yaml", "services:\n  web:\n    env_file: a.env\n    environment:\n")});
  ASSERT_TRUE(input.ok()) << input.error().message;
  EXPECT_EQ(Document(*input)["services"]["web"]["environment"], (Json{{"A", "1"}}));
}

TEST_F(ComposeInputTest, TheShellWinsWhereverVariablesStand) {
  Write(".env", "GANTRY_TEST_STAGE=none\nNEXT=${GANTRY_TEST_STAGE}/y\n");
  Write("prod.env", "A=1\n");
  setenv("GANTRY_TEST_STAGE", "prod", 1);
  const auto input = Read({Write("compose.yaml",
                                 "services:\n  web:\n    image: ${NEXT}\n"
                                 "    env_file: ${GANTRY_TEST_STAGE}.env\n")});
  const auto flag = Read({(dir_ / "compose.yaml").string()}, {"GANTRY_TEST_STAGE=flag"});
  unsetenv("GANTRY_TEST_STAGE");
  ASSERT_TRUE(input.ok()) << input.error().message;
  EXPECT_EQ(input->parameters, (Json{{"NEXT", "prod/y"}}));
  ASSERT_FALSE(flag.ok());
  EXPECT_THAT(flag.error().message, HasSubstr("flag.env"));
}

TEST_F(ComposeInputTest, IncludedProjects) {
  Write("db/compose.yaml",
        "services:\n  db: {image: 'postgres:${PG}', env_file: db.env}\nvolumes: {data: {}}\n");
  Write("db/.env", "PG=15\nTAG=db\n");
  Write("db/db.env", "USER=shop\n");
  const auto input = Read({Write("compose.yaml",
                                 "include: [db/compose.yaml]\nservices:\n  web: {image: "
                                 "'web:${TAG}', depends_on: [db]}\n")},
                          {"TAG=1"});
  ASSERT_TRUE(input.ok()) << input.error().message;
  EXPECT_EQ(Document(*input), Json::parse(R"({
    "services": {"web": {"image": "web:${TAG}", "depends_on": ["db"]},
                 "db": {"image": "postgres:${PG}", "environment": {"USER": "shop"}}},
    "volumes": {"data": {}}})"));
  EXPECT_EQ(input->parameters, (Json{{"PG", "15"}, {"TAG", "1"}}));
}

TEST_F(ComposeInputTest, FaultsNameTheFileAndThePlace) {
  const auto write = [this](const std::string& service) {
    return std::vector{Write("compose.yaml", "services:\n  web: " + service + "\n")};
  };
  Fails({(dir_ / "none.yaml").string()}, "none.yaml\" does not exist");
  Fails({Write("list.yaml", "[a]")}, "list.yaml: a Compose file is one YAML document, a map");
  Fails({Write("twice.yaml", "services: {}\nservices: {}\n")},
        "services: is there already (line 2");
  Fails(write("{env_file: 3}"), "compose.yaml: services.web.env_file: must be a path or a list");
  Fails(write("{env_file: '${NO}.env'}"), "services.web.env_file: the variable NO has no value");
  Fails(write("{env_file: no.env}"), "no.env\" does not exist");
  Write("bad.env", "A=1\n=2\n");
  Fails(write("{env_file: bad.env}"), "bad.env:2: \"=2\" is not NAME=VALUE");
  Write("other.yaml", "services: {a: {extends: b}, b: {extends: a}}");
  Fails(write("{extends: {file: other.yaml, service: no}}"), "\"no\" is not a service of");
  Fails(write("{extends: {file: other.yaml, service: a}}"),
        "services must not extend each other in a circle");
  Write("a.yaml", "include: [b.yaml]");
  Write("b.yaml", "include: [a.yaml]");
  Fails({Write("c.yaml", "include: [a.yaml]")}, "files must not include each other in a circle");
  Write("d.yaml", "services: {web: {image: x}}");
  Fails({Write("e.yaml", "include: [d.yaml]\nservices: {web: {image: y}}")},
        "include[0]: services.web is defined differently in");
}

TEST(EnvFileTest, Quotes) {
  const auto lines = ParseEnvFile("A=1 # one\r\nB='it''s'\n", "f");
  ASSERT_FALSE(lines.ok());
  EXPECT_THAT(lines.error().message, HasSubstr("f:2: there is text behind the closing quote"));
  const auto good = ParseEnvFile("A = a#b # c\nB=\"x\n\\$y\"\nC='\\n'\nD=\n E\n", "f");
  ASSERT_TRUE(good.ok()) << good.error().message;
  std::vector<std::pair<std::string, std::string>> got;
  for (const EnvLine& line : *good) got.emplace_back(line.name, line.value.value_or("(none)"));
  EXPECT_THAT(got, testing::ElementsAre(testing::Pair("A", "a#b"), testing::Pair("B", "x\n$$y"),
                                        testing::Pair("C", "\\n"), testing::Pair("D", ""),
                                        testing::Pair("E", "(none)")));
  const auto raw = ParseEnvFile("A='x' # y\n", "f", /*raw=*/true);
  ASSERT_TRUE(raw.ok());
  EXPECT_EQ(raw->front().value, "'x' # y");
  EXPECT_THAT(ParseEnvFile("A=\"x\n", "f").error().message, HasSubstr("f:1: the quote is not"));
}

}  // namespace
}  // namespace gantry::kubectl
