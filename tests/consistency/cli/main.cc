// The long form: see README.md of the directory above, and hack/consistency.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "tests/consistency/checker/check.h"
#include "tests/consistency/runner/run.h"

namespace gantry::consistency {
namespace {

double Seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

bool CheckFile(const std::string& path) {
  const MonoTime begin = Clock::Real()->Mono();
  std::ifstream in(path);
  const Result<History> history = ReadHistory(in);
  if (!history.ok()) {
    fmt::print("{}: {}\n", path, history.error().message);
    return false;
  }
  const Report report = Check(*history);
  fmt::print("checked    {} operations, {} watches in {:.1f} s: {}\n", history->operations.size(),
             history->watches.size(), Seconds(Clock::Real()->Mono() - begin), report.Text());
  return report.ok() && !history->operations.empty();
}

void Print(const RunResult& r) {
  fmt::print("done       {} operations in {:.1f} s ({:.0f}/s), {} without answer, {} refused\n",
             r.operations, Seconds(r.took), static_cast<double>(r.operations) / Seconds(r.took),
             r.lost, r.refused);
  fmt::print("watched    {} events in {} watches\n", r.events, r.watches);
  fmt::print("killed     {} times, {} of them with the loss of what was not synced\n", r.kills,
             r.power_losses);
  if (!r.ready.empty()) {
    fmt::print("ready      after a kill: median {:.3f} s, at most {:.3f} s\n",
               Seconds(r.ready[r.ready.size() / 2]), Seconds(r.ready.back()));
  }
}

int Main(int argc, char** argv) {
  CLI::App app("Checks what clients see of a server that is killed again and again");
  app.option_defaults()->take_last();
  RunOptions options;
  std::string server;
  std::string check;
  app.add_option("--operations", options.operations, "How many")->capture_default_str();
  app.add_option("--seed", options.seed, "Of all that is random")->capture_default_str();
  app.add_option("--kills", options.kills, "SIGKILLs, spread over the operations")
      ->capture_default_str();
  app.add_option("--power-loss", options.power_loss_percent,
                 "Percentage of the kills that also lose what was not synced")
      ->capture_default_str();
  app.add_option("--objects", options.objects, "That are there besides")->capture_default_str();
  app.add_option("--workers", options.workers, "Clients beside the watchers")
      ->capture_default_str();
  app.add_option("--server", server,
                 "The gantry program; default: its API server in a test's "
                 "program, which --power-loss needs");
  app.add_option("--dir", options.work_dir, "For data and history; must be empty");
  app.add_option("--check", check, "Only checks a history");
  CLI11_PARSE(app, argc, argv);
  if (!check.empty()) return CheckFile(check) ? 0 : 1;
  if (options.work_dir.empty() || (!server.empty() && options.power_loss_percent > 0)) {
    fmt::print(stderr, "error: --dir is needed, and --power-loss excludes --server\n");
    return 2;
  }
  options.command = {CONSISTENCY_SERVER, "DATA"};
  if (options.power_loss_percent > 0) options.command.push_back("SIDE");
  if (!server.empty()) {
    options.command = {server,       "--log-level", "warn",     "apiserver",
                       "--data-dir", "DATA",        "--listen", "127.0.0.1:0"};
  }
  fmt::print("seed       {}, {} operations, {} kills, {} objects besides, {}\n", options.seed,
             options.operations, options.kills, options.objects, options.command[0]);
  std::fflush(stdout);
  const Result<RunResult> result = Run(options);
  if (!result.ok()) {
    fmt::print("error: {}\n", result.error().message);
    CheckFile(options.work_dir + "/history.jsonl");
    return 1;
  }
  Print(*result);
  fmt::print("history    {}\n", result->history);
  std::fflush(stdout);
  return CheckFile(result->history) ? 0 : 1;
}

}  // namespace
}  // namespace gantry::consistency

int main(int argc, char** argv) { return gantry::consistency::Main(argc, argv); }
