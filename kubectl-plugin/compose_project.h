#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "kubectl-plugin/session.h"

// What Compose reads from the client's files, and an Application cannot: it has one document.
namespace gantry::kubectl {

struct ComposeProject {
  // One document that needs no other file: the text of the only file as it stands, if it names no
  // others; else the files merged.
  std::string text;
  // Variables that it uses, `environment` entries without a value among them.
  std::set<std::string> used;
  // The variables: those given, and those of the .env files of included projects.
  std::map<std::string, std::string> variables;
};

// Reads `files` (`-` is standard input), each over the ones before it, and what they name:
// `include`, `extends` with a file, `env_file`, `label_file`. Paths are relative to the first file;
// in an included or extended file to that file. Variables in paths are substituted; one that is
// missing there is an error, as is everything that Compose refuses too: circles, and what two
// included files define differently.
Result<ComposeProject> LoadComposeProject(Io& io, const std::vector<std::string>& files,
                                          std::map<std::string, std::string> variables);

// Reads a .env file into *variables, which its values may refer to; what is there already stays.
Status ReadVariables(Io& io, const std::string& path,
                     std::map<std::string, std::string>* variables);

}  // namespace gantry::kubectl
