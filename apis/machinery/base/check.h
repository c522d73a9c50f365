#pragma once

#include <string_view>

// Broken invariants end the process with file, line and reason. Never for input, network or disk.
namespace gantry {
[[noreturn]] void CheckFailed(const char* file, int line, std::string_view what);
}  // namespace gantry

#define GANTRY_CHECK(cond)                                         \
  do {                                                             \
    if (!(cond)) ::gantry::CheckFailed(__FILE__, __LINE__, #cond); \
  } while (false)
