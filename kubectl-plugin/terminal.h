#pragma once

#include <memory>
#include <utility>

namespace gantry::kubectl {

// The terminal of standard input without echo and line editing, until this dies; also put back when
// the process ends by SIGTERM or SIGHUP. Null when standard input is no terminal.
class RawTerminal {
 public:
  static std::unique_ptr<RawTerminal> Enter();
  ~RawTerminal();

 private:
  RawTerminal() = default;
};

// The terminal of standard input without echo, until this dies: for passwords. Null when standard
// input is no terminal.
class HiddenInput {
 public:
  static std::unique_ptr<HiddenInput> Enter();
  ~HiddenInput();

 private:
  HiddenInput() = default;
};

// Columns and rows of standard output's terminal; zeros when it is none.
std::pair<int, int> TerminalSize();

}  // namespace gantry::kubectl
