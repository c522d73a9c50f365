#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/result.h"

namespace gantry::consistency {

struct RunOptions {
  uint32_t seed = 1;
  size_t operations = 10000;
  size_t kills = 0;            // SIGKILLs, spread over the operations
  int power_loss_percent = 0;  // of the kills also lose what was not synced
  size_t objects = 0;          // that are there besides, before the clients begin
  int workers = 6;
  std::vector<std::string> command;  // of the server; see ServerProcess
  std::string work_dir;              // empty; for the server's data and the history
};

struct RunResult {
  std::string history;  // its file
  size_t operations = 0;
  size_t refused = 0;  // for reasons that no operation should meet
  size_t lost = 0;     // operations without an answer
  size_t events = 0;
  int64_t watches = 0;
  size_t kills = 0;
  size_t power_losses = 0;
  Duration took{};
  std::vector<Duration> ready;  // after each kill, until the server was ready; ascending
};

// Runs clients against a server that is killed now and then, and writes down what they saw. Blocks.
Result<RunResult> Run(const RunOptions& options);

}  // namespace gantry::consistency
