#pragma once

#include <string>

namespace gantry::compose {

// A fault or a warning without the position that it ends with, for tests of what else it says.
inline std::string WithoutPosition(const std::string& text) {
  const size_t at = text.rfind(" (line ");
  if (at == std::string::npos || text.back() != ')') return text;
  return text.substr(0, at);
}

}  // namespace gantry::compose
