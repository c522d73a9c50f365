#include "kubectl-plugin/manifests.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <istream>
#include <sstream>

#include "apis/machinery/yaml/yaml.h"
#include "kubectl-plugin/errors.h"

namespace gantry::kubectl {
namespace {

namespace fs = std::filesystem;

bool IsManifestName(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

Result<std::vector<std::string>> ExpandDirectory(const std::string& path, bool recursive) {
  std::vector<std::string> files;
  try {
    const auto add = [&files](const fs::directory_entry& entry) {
      if (entry.is_regular_file() && IsManifestName(entry.path()))
        files.push_back(entry.path().string());
    };
    if (recursive) {
      for (const auto& entry : fs::recursive_directory_iterator(path)) add(entry);
    } else {
      for (const auto& entry : fs::directory_iterator(path)) add(entry);
    }
  } catch (const fs::filesystem_error& e) {
    return LocalError(fmt::format("read {}: {}", path, e.code().message()));
  }
  if (files.empty()) {
    return LocalError(fmt::format("no .yaml, .yml or .json file in the directory {}", path));
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Adds a document, or the items of a list.
Status AddDocument(Json value, const std::string& source, std::vector<Manifest>* out) {
  if (!value.is_object()) {
    return LocalError(fmt::format("error parsing {}: a document is not a map", source));
  }
  const std::string kind = GetString(value, "kind");
  if (kind.size() > 4 ? kind.substr(kind.size() - 4) == "List" && value.contains("items")
                      : kind == "List") {
    for (const Json& item : GetArray(value, "items")) {
      GANTRY_TRY(AddDocument(item, source, out));
    }
    return OkStatus();
  }
  for (const char* field : {"apiVersion", "kind"}) {
    if (GetString(value, field).empty()) {
      return LocalError(fmt::format("unable to decode \"{}\": Object '{}' is missing", source,
                                    field == std::string_view("kind") ? "Kind" : "apiVersion"));
    }
  }
  out->push_back({Object(std::move(value)), source});
  return OkStatus();
}

Status AddText(const std::string& text, const std::string& source, std::vector<Manifest>* out) {
  auto documents = yaml::ParseYaml(text);
  if (!documents.ok()) {
    return LocalError(fmt::format("error parsing {}: {}", source, documents.error().message));
  }
  for (yaml::YamlDocument& document : *documents) {
    if (!document.duplicates.empty()) {
      const yaml::DuplicateKey& d = document.duplicates[0];
      return LocalError(
          fmt::format("error parsing {}: yaml: line {}, column {}: key \"{}\" already set", source,
                      d.at.line, d.at.column, d.path));
    }
    GANTRY_TRY(AddDocument(std::move(document.value), source, out));
  }
  return OkStatus();
}

}  // namespace

Result<std::string> ReadTextFile(Io& io, const std::string& path) {
  std::stringstream text;
  if (path == "-") {
    text << io.in.rdbuf();
    return text.str();
  }
  if (path.find("://") != std::string::npos) {
    return LocalError(fmt::format("{}: URLs are not read; fetch it and give `-f -`", path));
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return LocalError(fmt::format("the path \"{}\" does not exist or cannot be read", path));
  text << in.rdbuf();
  return text.str();
}

Result<std::vector<Manifest>> ReadManifests(Io& io, const std::vector<std::string>& paths,
                                            bool recursive) {
  std::vector<Manifest> out;
  for (const std::string& path : paths) {
    std::error_code ec;
    std::vector<std::string> files = {path};
    if (path != "-" && fs::is_directory(path, ec)) {
      GANTRY_TRY_SET(files, ExpandDirectory(path, recursive));
    }
    for (const std::string& file : files) {
      GANTRY_TRY_SET(const std::string text, ReadTextFile(io, file));
      GANTRY_TRY(AddText(text, file == "-" ? "STDIN" : file, &out));
    }
  }
  if (out.empty()) return LocalError("no objects passed");
  return out;
}

}  // namespace gantry::kubectl
