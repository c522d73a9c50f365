#include "kubectl-plugin/terminal.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>

namespace gantry::kubectl {
namespace {

termios g_saved;

void RestoreAndDie(int signal) {
  tcsetattr(STDIN_FILENO, TCSANOW, &g_saved);
  std::signal(signal, SIG_DFL);
  raise(signal);
}

}  // namespace

std::unique_ptr<RawTerminal> RawTerminal::Enter() {
  if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &g_saved) != 0) return nullptr;
  termios raw = g_saved;
  cfmakeraw(&raw);
  if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0) return nullptr;
  std::signal(SIGTERM, RestoreAndDie);
  std::signal(SIGHUP, RestoreAndDie);
  return std::unique_ptr<RawTerminal>(new RawTerminal);
}

RawTerminal::~RawTerminal() {
  tcsetattr(STDIN_FILENO, TCSANOW, &g_saved);
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGHUP, SIG_DFL);
}

std::unique_ptr<HiddenInput> HiddenInput::Enter() {
  if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &g_saved) != 0) return nullptr;
  termios hidden = g_saved;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  if (tcsetattr(STDIN_FILENO, TCSANOW, &hidden) != 0) return nullptr;
  std::signal(SIGTERM, RestoreAndDie);
  std::signal(SIGHUP, RestoreAndDie);
  std::signal(SIGINT, RestoreAndDie);
  return std::unique_ptr<HiddenInput>(new HiddenInput);
}

HiddenInput::~HiddenInput() {
  tcsetattr(STDIN_FILENO, TCSANOW, &g_saved);
  for (const int signal : {SIGTERM, SIGHUP, SIGINT}) std::signal(signal, SIG_DFL);
}

std::pair<int, int> TerminalSize() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return {0, 0};
  return {size.ws_col, size.ws_row};
}

}  // namespace gantry::kubectl
