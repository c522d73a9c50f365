#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apis/machinery/base/result.h"

namespace CLI {  // NOLINT(readability-identifier-naming): a library's
class App;
}

namespace gantry::kubectl {

// One verb's place in the command line. Verbs describe their flags here and say what to run; CLI11
// stays in args.cc. Copies mean the same verb. Names are as CLI11 takes them: `-n,--namespace`.
// The variables must live until CommandLine::Run returned, and keep their value when the flag is
// not given.
class Command {
 public:
  explicit Command(CLI::App* app, std::function<Result<int>()>* selected)
      : app_(app), selected_(selected) {}

  // A verb below this one. `usage` is shown after its name, `get TYPE [NAME...]`.
  Command Add(const std::string& name, const std::string& help,
              const std::string& usage = "") const;

  const Command& Flag(const std::string& names, bool* value, const std::string& help) const;
  const Command& Flag(const std::string& names, std::optional<bool>* value,
                      const std::string& help) const;
  const Command& Text(const std::string& names, std::string* value, const std::string& help) const;
  const Command& Number(const std::string& names, std::optional<int64_t>* value,
                        const std::string& help) const;
  // May be given several times.
  const Command& List(const std::string& names, std::vector<std::string>* value,
                      const std::string& help) const;
  // The words that are no flags.
  const Command& Words(std::vector<std::string>* value, const std::string& help) const;
  // What the verb does; gives the exit code.
  void Runs(std::function<Result<int>()> run) const;

 private:
  CLI::App* app_;
  std::function<Result<int>()>* selected_;
};

class CommandLine {
 public:
  CommandLine(const std::string& name, const std::string& help);
  ~CommandLine();
  Command root();
  // The verb to run; or, for --help, the text to print; or the error of a wrong command line
  // (kBadRequest, in kubectl's form). `arguments` are without the program's name.
  struct Parsed {
    std::function<Result<int>()> run;
    std::string help;
  };
  Result<Parsed> Parse(const std::vector<std::string>& arguments);

 private:
  std::unique_ptr<CLI::App> app_;
  std::function<Result<int>()> selected_;
};

}  // namespace gantry::kubectl
