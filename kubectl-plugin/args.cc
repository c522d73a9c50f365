#include "kubectl-plugin/args.h"

#include <CLI/CLI.hpp>

namespace gantry::kubectl {

Command Command::Add(const std::string& name, const std::string& help,
                     const std::string& usage) const {
  CLI::App* verb = app_->add_subcommand(name, help);
  verb->fallthrough();  // global flags may follow the verb
  verb->footer(usage.empty() ? "" : "Usage: " + usage);
  return Command(verb, selected_);
}

const Command& Command::Flag(const std::string& names, bool* value, const std::string& help) const {
  app_->add_flag(names, *value, help);
  return *this;
}

const Command& Command::Flag(const std::string& names, std::optional<bool>* value,
                             const std::string& help) const {
  app_->add_flag_callback(
      names, [value] { *value = true; }, help);
  return *this;
}

const Command& Command::Text(const std::string& names, std::string* value,
                             const std::string& help) const {
  app_->add_option_function<std::string>(
          names,
          [value](const std::string& text) {
            // kubectl takes `-o=yaml` too; the library leaves the sign in the value.
            *value = !text.empty() && text[0] == '=' ? text.substr(1) : text;
          },
          help)
      ->type_name("TEXT");
  return *this;
}

const Command& Command::Number(const std::string& names, std::optional<int64_t>* value,
                               const std::string& help) const {
  app_->add_option_function<int64_t>(
          names, [value](const int64_t& n) { *value = n; }, help)
      ->type_name("N");
  return *this;
}

const Command& Command::List(const std::string& names, std::vector<std::string>* value,
                             const std::string& help) const {
  app_->add_option(names, *value, help)->allow_extra_args(false)->type_name("TEXT");
  return *this;
}

const Command& Command::Words(std::vector<std::string>* value, const std::string& help) const {
  app_->add_option("words", *value, help)->type_name("");
  return *this;
}

void Command::Runs(std::function<Result<int>()> run) const {
  app_->final_callback([selected = selected_, run = std::move(run)] { *selected = run; });
}

CommandLine::CommandLine(const std::string& name, const std::string& help)
    : app_(std::make_unique<CLI::App>(help, name)) {
  app_->require_subcommand(1);
}

CommandLine::~CommandLine() = default;

Command CommandLine::root() { return Command(app_.get(), &selected_); }

Result<CommandLine::Parsed> CommandLine::Parse(const std::vector<std::string>& arguments) {
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app_->parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    return Parsed{nullptr, app_->help()};
  } catch (const CLI::RequiredError& e) {
    const std::vector<std::string> extras = app_->remaining();
    if (extras.empty()) return Parsed{nullptr, app_->help()};
    return Error(Code::kBadRequest, "error: unknown command \"" + extras[0] + "\"");
  } catch (const CLI::ParseError& e) {
    return Error(Code::kBadRequest, std::string("error: ") + e.what());
  }
  // A verb that only has verbs below it explains itself.
  return Parsed{selected_, selected_ ? "" : app_->help()};
}

}  // namespace gantry::kubectl
