// Turns the YAML manifests of schemas/ into one C++ source for the binary, at build time:
//
//   schema-compile OUT.cc FRAGMENT_DIR ROOT FILE...

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "apis/machinery/yaml/yaml.h"

namespace gantry {
namespace {

Result<Json> LoadYaml(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) return Error(Code::kNotFound, path.string() + ": cannot be opened");
  std::ostringstream text;
  text << in.rdbuf();
  GANTRY_TRY_SET(auto documents, yaml::ParseYaml(text.str()).Wrap(path.string()));
  if (documents.size() != 1)
    return Error(Code::kInvalid, path.string() + ": must hold exactly one document");
  return std::move(documents[0].value);
}

// Replaces {"$fragment": name}; other members beside it are laid over the fragment.
Status InlineFragments(Json* node, const std::filesystem::path& fragments) {
  if (node->is_object() && node->contains("$fragment")) {
    const std::string name = (*node)["$fragment"].get<std::string>();
    GANTRY_TRY_SET(Json fragment, LoadYaml(fragments / (name + ".yaml")));
    node->erase("$fragment");
    fragment.update(*node);
    *node = std::move(fragment);
  }
  if (!node->is_structured()) return OkStatus();
  for (Json& child : *node) GANTRY_TRY(InlineFragments(&child, fragments));
  return OkStatus();
}

Status Run(const std::vector<std::string>& args) {
  const std::filesystem::path fragments = args[1];
  std::ostringstream out, samples;
  for (size_t i = 3; i < args.size(); ++i) {
    const std::filesystem::path file = args[i];
    GANTRY_TRY_SET(Json json, LoadYaml(file));
    GANTRY_TRY(InlineFragments(&json, fragments));
    // Raw literals are bounded by the compiler; adjacent ones are joined.
    const std::string text = DumpJson(json);
    const std::string path = std::filesystem::relative(file, args[2]).string();
    std::ostringstream& list = path.starts_with("samples/") ? samples : out;
    list << "      {\"" << path << "\",\n";
    for (size_t at = 0; at < text.size(); at += 8000)
      list << "       R\"~~(" << text.substr(at, 8000) << ")~~\"\n";
    list << "      },\n";
  }
  std::ofstream file(args[0]);
  file << "#include \"schemas/embedded.h\"\n\nnamespace gantry::schemas {\n";
  const auto function = [&file](const char* name, const std::string& list) {
    file << "\nconst std::vector<Manifest>& " << name
         << "() {\n  static const auto* const all = new std::vector<Manifest>{\n"
         << list << "  };\n  return *all;\n}\n";
  };
  function("Embedded", out.str());
  function("Samples", samples.str());
  file << "\n}  // namespace gantry::schemas\n";
  return OkStatus();
}

}  // namespace
}  // namespace gantry

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() < 4) {
    std::cerr << "usage: schema-compile OUT.cc FRAGMENT_DIR ROOT FILE...\n";
    return 2;
  }
  if (const gantry::Status s = gantry::Run(args); !s.ok()) {
    std::cerr << "schema-compile: " << s.error().message << "\n";
    return 1;
  }
  return 0;
}
