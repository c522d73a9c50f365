#include "kubectl-plugin/targets.h"

#include <fmt/format.h>

#include <sstream>

#include "kubectl-plugin/errors.h"

namespace gantry::kubectl {
namespace {

Result<std::vector<Target>> ParseSlashes(const Mapper& mapper,
                                         const std::vector<std::string>& words) {
  std::vector<Target> targets;
  for (const std::string& word : words) {
    const size_t slash = word.find('/');
    if (slash == std::string::npos) {
      return LocalError(
          "there is no need to specify a resource type as a separate argument when "
          "passing arguments in resource/name form");
    }
    const std::string name = word.substr(slash + 1);
    if (slash == 0 || name.empty() || name.find('/') != std::string::npos) {
      return LocalError(
          fmt::format("arguments in resource/name form must have a single resource and "
                      "name, not \"{}\"",
                      word));
    }
    GANTRY_TRY_SET(const ServedResource* type, mapper.Find(word.substr(0, slash)));
    if (!targets.empty() && targets.back().type == type) {
      targets.back().names.push_back(name);
    } else {
      targets.push_back({type, {name}});
    }
  }
  return targets;
}

}  // namespace

Result<std::vector<Target>> ParseTargets(const Mapper& mapper,
                                         const std::vector<std::string>& words) {
  if (words.empty()) return LocalError("you must specify the type of resource");
  for (const std::string& word : words) {
    if (word.find('/') != std::string::npos) return ParseSlashes(mapper, words);
  }
  std::vector<Target> targets;
  std::stringstream types(words[0]);
  for (std::string word; std::getline(types, word, ',');) {
    if (word.empty()) continue;
    GANTRY_TRY_SET(const std::vector<const ServedResource*> found, mapper.FindAll(word));
    for (const ServedResource* type : found) {
      targets.push_back({type, {words.begin() + 1, words.end()}});
    }
  }
  if (targets.empty()) return LocalError("you must specify the type of resource");
  return targets;
}

}  // namespace gantry::kubectl
