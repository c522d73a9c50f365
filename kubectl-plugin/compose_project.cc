#include "kubectl-plugin/compose_project.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "apis/compose/extends.h"
#include "apis/compose/interpolate.h"
#include "apis/machinery/yaml/yaml.h"
#include "kubectl-plugin/env_file.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/manifests.h"

namespace gantry::kubectl {
namespace {

namespace fs = std::filesystem;
using Variables = std::map<std::string, std::string>;

constexpr size_t kMaxNesting = 32;  // of files that include or extend others
constexpr const char* kSections[] = {"services", "volumes", "networks", "configs", "secrets"};

// Version 1 has its services at the top.
bool IsVersion1(const Json& document) {
  return std::none_of(document.items().begin(), document.items().end(), [](const auto& member) {
    return member.key() == "services" || member.key() == "version" || member.key() == "include" ||
           member.key() == "name" || member.key() == "volumes" || member.key() == "networks" ||
           member.key() == "configs" || member.key() == "secrets";
  });
}

Error Fault(const std::string& path, const std::string& place, std::string_view what) {
  return LocalError(fmt::format("{}: {}: {}", path, place, what));
}

// An error has no words around it.
Result<std::string> Expanded(const Variables& variables, const std::string& text) {
  const Variables none;
  compose::Interpolator interpolator(&variables, &none);
  GANTRY_TRY_SET(const compose::Expansion out, interpolator.Expand(text));
  if (interpolator.missing().empty()) return out.text;
  return Error(Code::kInvalid,
               fmt::format("the variable {} has no value", interpolator.missing().front().name));
}

Json ObjectOf(const std::string& key, Json value) {
  Json out = Json::object();
  out[key] = std::move(value);
  return out;
}

// `a`, `[a, b]`; nothing for anything else.
std::optional<std::vector<Json>> OneOrMore(const Json& value) {
  if (value.is_array()) return value.get<std::vector<Json>>();
  if (value.is_string() || value.is_object()) return std::vector<Json>{value};
  return std::nullopt;
}

class Loader {
 public:
  Loader(Io& io, Variables variables) : io_(io), variables_(std::move(variables)) {}

  // The files merged, without references to others. `dir`: what paths are relative to.
  Result<Json> Load(const std::vector<std::string>& files, const std::string& dir) {
    Json out;
    for (const std::string& file : files) {
      GANTRY_TRY_SET(Json document, Read(file));
      const bool version1 = IsVersion1(document);
      if (version1 && (files.size() > 1 || !chain_.empty()))
        return LocalError(fmt::format("{}: has no key `services` to merge", file));
      if (version1) GANTRY_TRY(ResolveServices(&document, dir, file));
      else if (document.contains("services"))
        GANTRY_TRY(ResolveServices(&document["services"], dir, file));
      GANTRY_TRY(Include(&document, dir, file));
      if (out.is_null()) out = std::move(document);
      else Override(&out, document);
    }
    return out;
  }

  // Whether other files have become part of what was loaded.
  bool has_other_files() const { return has_other_files_; }
  const Variables& variables() const { return variables_; }
  std::string TakeText() { return std::move(text_); }

 private:
  Result<Json> Read(const std::string& file) {
    GANTRY_TRY_SET(text_, ReadTextFile(io_, file));
    auto documents = yaml::ParseYaml(text_);
    if (!documents.ok()) return LocalError(fmt::format("{}: {}", file, documents.error().message));
    if (documents->size() != 1 || !documents->front().value.is_object())
      return LocalError(fmt::format("{}: a Compose file is one YAML document, a map", file));
    if (const auto& repeated = documents->front().duplicates; !repeated.empty()) {
      return Fault(file, repeated.front().path,
                   fmt::format("is there already (line {}, column {})", repeated.front().at.line,
                               repeated.front().at.column));
    }
    return std::move(documents->front().value);
  }

  Result<std::string> PathOf(const Json& value, const std::string& dir, const std::string& file,
                             const std::string& place) {
    if (!value.is_string() || value.get_ref<const std::string&>().empty())
      return Fault(file, place, "must be the path of a file");
    auto path = Expanded(variables_, value.get<std::string>());
    if (!path.ok()) return Fault(file, place, path.error().message);
    return (fs::path(dir) / *path).lexically_normal().string();
  }

  Status ResolveServices(Json* services, const std::string& dir, const std::string& file) {
    if (!services->is_object()) return OkStatus();
    for (auto& [name, service] : services->items()) {
      if (service.is_object()) GANTRY_TRY(Resolve(&service, name, dir, file));
    }
    return OkStatus();
  }

  // Takes the service's references to files away, and puts what they name into it.
  Status Resolve(Json* service, const std::string& name, const std::string& dir,
                 const std::string& file) {
    const std::string place = "services." + name;
    GANTRY_TRY(TakeFile(service, "env_file", "environment", dir, file, place));
    GANTRY_TRY(TakeFile(service, "label_file", "labels", dir, file, place));
    const auto extends = service->find("extends");
    if (extends == service->end() || !extends->is_object() || !extends->contains("file"))
      return OkStatus();
    GANTRY_TRY_SET(const std::string path,
                   PathOf(extends->at("file"), dir, file, place + ".extends.file"));
    const std::string base_name = GetString(*extends, "service");
    has_other_files_ = true;
    GANTRY_TRY_SET(const Json base, Base(path, base_name, file, place + ".extends"));
    Json own = *service;
    own.erase("extends");
    *service = compose::MergeServices(base, own);
    return OkStatus();
  }

  // A service of another file, with all that it extends itself.
  Result<Json> Base(const std::string& path, const std::string& name, const std::string& from,
                    const std::string& place) {
    const auto step = std::pair(path, name);
    if (std::find(chain_.begin(), chain_.end(), step) != chain_.end() ||
        chain_.size() >= kMaxNesting) {
      return Fault(from, place, "services must not extend each other in a circle");
    }
    GANTRY_TRY_SET(Json document, Read(path));
    Json& services = IsVersion1(document) ? document : document["services"];
    if (!services.is_object() || !services.contains(name) || !services.at(name).is_object()) {
      return Fault(from, place, fmt::format("\"{}\" is not a service of {}", name, path));
    }
    chain_.push_back(step);
    Json service = services.at(name);
    // One of the same file is like one of another.
    if (auto extends = service.find("extends"); extends != service.end()) {
      if (extends->is_string()) *extends = ObjectOf("service", *extends);
      if (extends->is_object() && !extends->contains("file"))
        (*extends)["file"] = fs::path(path).filename().string();
    }
    const Status done = Resolve(&service, name, fs::path(path).parent_path().string(), path);
    chain_.pop_back();
    GANTRY_TRY(done);
    return service;
  }

  // Puts the lines of the files that `key` names before what is in `into`.
  Status TakeFile(Json* service, const char* key, const char* into, const std::string& dir,
                  const std::string& file, const std::string& place) {
    const auto found = service->find(key);
    if (found == service->end()) return OkStatus();
    const auto entries = OneOrMore(*found);
    if (!entries) return Fault(file, place + "." + key, "must be a path or a list of paths");
    Json lines = Json::object();
    for (const Json& entry : *entries) {
      GANTRY_TRY_SET(
          const std::string path,
          PathOf(entry.is_object() ? GetAny(entry, "path") : entry, dir, file, place + "." + key));
      std::error_code ec;
      const bool optional = entry.is_object() && GetAny(entry, "required") == Json(false);
      if (optional && !fs::exists(path, ec)) continue;
      const bool raw = entry.is_object() && GetString(entry, "format") == "raw";
      GANTRY_TRY_SET(const std::string text, ReadTextFile(io_, path));
      GANTRY_TRY_SET(const std::vector<EnvLine> parsed, ParseEnvFile(text, path, raw));
      for (const EnvLine& line : parsed) lines[line.name] = ValueOf(line);
    }
    service->erase(key);
    has_other_files_ = true;
    // An empty `environment:` takes nothing back.
    const bool has_own = service->contains(into) && !service->at(into).is_null();
    Json own = has_own ? ObjectOf(into, service->at(into)) : Json::object();
    (*service)[into] = compose::MergeServices(ObjectOf(into, std::move(lines)), own).at(into);
    return OkStatus();
  }

  static Json ValueOf(const EnvLine& line) {
    if (!line.value) return Json();
    if (!line.literal) return *line.value;
    std::string out;
    for (const char c : *line.value) out.append(c == '$' ? 2 : 1, c);
    return out;
  }

  Status Include(Json* document, const std::string& dir, const std::string& file) {
    const auto found = document->find("include");
    if (found == document->end()) return OkStatus();
    const auto entries = OneOrMore(*found);
    if (!entries) return Fault(file, "include", "must be a list of files");
    document->erase("include");
    has_other_files_ = true;
    for (size_t i = 0; i < entries->size(); ++i) {
      GANTRY_TRY(IncludeOne(document, (*entries)[i], dir, file, fmt::format("include[{}]", i)));
    }
    return OkStatus();
  }

  Status IncludeOne(Json* document, const Json& entry, const std::string& dir,
                    const std::string& file, const std::string& place) {
    const auto paths = OneOrMore(entry.is_object() ? GetAny(entry, "path") : entry);
    if (!paths || paths->empty()) return Fault(file, place, "must name a file in `path`");
    std::vector<std::string> files;
    for (const Json& path : *paths) {
      GANTRY_TRY_SET(files.emplace_back(), PathOf(path, dir, file, place));
    }
    std::string own_dir = fs::path(files[0]).parent_path().string();
    if (entry.is_object() && entry.contains("project_directory")) {
      GANTRY_TRY_SET(own_dir, PathOf(entry.at("project_directory"), dir, file, place));
    }
    const auto step = std::pair(files[0], std::string());
    if (std::find(chain_.begin(), chain_.end(), step) != chain_.end() ||
        chain_.size() >= kMaxNesting) {
      return Fault(file, place, "files must not include each other in a circle");
    }
    GANTRY_TRY(IncludedVariables(entry, dir, own_dir, file, place));
    chain_.push_back(step);
    auto included = Load(files, own_dir);
    chain_.pop_back();
    if (!included.ok()) return included.error();
    for (const char* section : kSections) {
      const Json& members = GetAny(*included, section);
      if (!members.is_object()) continue;
      Json& own = (*document)[section];
      if (own.is_null()) own = Json::object();
      if (!own.is_object()) continue;  // the template is refused for that
      for (const auto& [name, value] : members.items()) {
        if (own.contains(name) && own.at(name) != value) {
          return Fault(file, place,
                       fmt::format("{}.{} is defined differently in {}", section, name, files[0]));
        }
        own[name] = value;
      }
    }
    return OkStatus();
  }

  Status IncludedVariables(const Json& entry, const std::string& dir, const std::string& own_dir,
                           const std::string& file, const std::string& place) {
    if (entry.is_object() && entry.contains("env_file")) {
      const auto paths = OneOrMore(entry.at("env_file"));
      if (!paths) return Fault(file, place + ".env_file", "must be a path or a list of paths");
      for (const Json& path : *paths) {
        GANTRY_TRY_SET(const std::string name, PathOf(path, dir, file, place + ".env_file"));
        GANTRY_TRY(ReadVariables(io_, name, &variables_));
      }
      return OkStatus();
    }
    const std::string beside = (fs::path(own_dir) / ".env").string();
    std::error_code ec;
    return fs::exists(beside, ec) ? ReadVariables(io_, beside, &variables_) : OkStatus();
  }

  static void Override(Json* base, const Json& own) {
    for (const auto& [key, value] : own.items()) {
      Json& target = (*base)[key];
      const bool is_section =
          std::find(std::begin(kSections), std::end(kSections), key) != std::end(kSections);
      if (!is_section || !target.is_object() || !value.is_object()) {
        target = value;
        continue;
      }
      for (const auto& [name, member] : value.items()) {
        if (!target.contains(name)) target[name] = member;
        else if (target[name].is_object() && member.is_object())
          target[name] = compose::MergeServices(target[name], member);
        else if (!member.is_null()) target[name] = member;
      }
    }
  }

  Io& io_;
  Variables variables_;
  std::string text_;  // of the last file
  bool has_other_files_ = false;
  std::vector<std::pair<std::string, std::string>> chain_;  // path and service being resolved
};

// Collects the variables of all texts; those that do not parse are the server's to refuse.
void CollectUsed(const Json& value, compose::Interpolator* interpolator) {
  if (value.is_string()) {
    (void)interpolator->Expand(value.get_ref<const std::string&>()).ok();
  } else if (value.is_structured()) {
    for (const Json& member : value) CollectUsed(member, interpolator);
  }
}

void CollectNames(const Json& document, std::set<std::string>* names) {
  const Json& services = IsVersion1(document) ? document : GetAny(document, "services");
  if (!services.is_object()) return;
  for (const Json& service : services) {
    const Json& environment = GetAny(service, "environment");
    for (const auto& [key, value] : environment.items()) {
      if (environment.is_object() && value.is_null()) names->insert(key);
      if (value.is_string() && environment.is_array() &&
          value.get_ref<const std::string&>().find('=') == std::string::npos) {
        names->insert(value.get<std::string>());
      }
    }
  }
}

}  // namespace

Status ReadVariables(Io& io, const std::string& path, Variables* variables) {
  GANTRY_TRY_SET(const std::string text, ReadTextFile(io, path));
  GANTRY_TRY_SET(const std::vector<EnvLine> lines, ParseEnvFile(text, path));
  // Later lines win over earlier ones of this file, and none over what was known before.
  Variables known = *variables;
  std::set<std::string> own;
  for (const EnvLine& line : lines) {
    if (!line.value) continue;
    if (known.contains(line.name) && !own.contains(line.name)) continue;
    std::string value = *line.value;
    if (!line.literal) {
      auto expanded = Expanded(known, value);
      if (!expanded.ok()) {
        return Fault(path, line.name,
                     expanded.error().message + "; a value in single quotes keeps its dollars");
      }
      value = *std::move(expanded);
    }
    known[line.name] = std::move(value);
    own.insert(line.name);
  }
  *variables = std::move(known);
  return OkStatus();
}

Result<ComposeProject> LoadComposeProject(Io& io, const std::vector<std::string>& files,
                                          Variables variables) {
  Loader loader(io, std::move(variables));
  const std::string dir = files[0] == "-" ? "" : fs::path(files[0]).parent_path().string();
  GANTRY_TRY_SET(const Json document, loader.Load(files, dir));
  ComposeProject out;
  out.variables = loader.variables();
  const bool as_it_stands = files.size() == 1 && !loader.has_other_files();
  out.text = as_it_stands ? loader.TakeText() : yaml::ToYaml(document);
  const Variables none;
  compose::Interpolator interpolator(&out.variables, &none);
  CollectUsed(document, &interpolator);
  out.used = interpolator.used();
  CollectNames(document, &out.used);
  return out;
}

}  // namespace gantry::kubectl
