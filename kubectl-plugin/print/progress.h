#pragma once

#include <string>

#include "kubectl-plugin/session.h"

namespace gantry::kubectl {

// What is waited for, on standard error: one line that is rewritten on a terminal, else a line for
// each change. Gone from the terminal when this dies.
class Progress {
 public:
  explicit Progress(Io& io) : io_(io) {}
  ~Progress() { Clear(); }
  void Show(const std::string& text);
  void Clear();

 private:
  Io& io_;
  std::string shown_;
};

}  // namespace gantry::kubectl
