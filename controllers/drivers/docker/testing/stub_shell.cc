#include "controllers/drivers/docker/testing/stub_shell.h"

#include <cstdlib>
#include <optional>
#include <sstream>

namespace gantry::docker {
namespace {

std::vector<std::string> Words(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream in(line);
  for (std::string w; in >> w;) words.push_back(std::move(w));
  return words;
}

// The exit code of a simple command; nothing for `exit`, which `*ended` tells.
int RunSimple(std::vector<std::string> words, const StubIo& io, bool* ended) {
  OutputChannel channel = OutputChannel::kStdout;
  if (!words.empty() && words.back() == ">&2") {
    channel = OutputChannel::kStderr;
    words.pop_back();
  }
  if (words.empty() || words[0] == "true") return 0;
  const std::string& name = words[0];
  const std::string argument = words.size() > 1 ? words[1] : "";
  if (name == "false") return 1;
  if (name == "exit") {
    *ended = true;
    return std::atoi(argument.c_str());
  }
  if (name == "echo") {
    std::string text;
    for (size_t i = 1; i < words.size(); ++i) {
      const std::string& w = words[i];
      text += (i > 1 ? " " : "") + (w[0] == '$' ? io.env(w.substr(1)) : w);
    }
    io.write(channel, text + "\n");
    return 0;
  }
  if (name == "sleep") {
    *ended = !io.sleep(std::atof(argument.c_str()));
    return *ended ? 143 : 0;
  }
  if (name == "cat") {
    for (std::string s = io.read(); !s.empty(); s = io.read()) io.write(channel, s);
    return 0;
  }
  if (name == "/bin/sample-web") {
    if (const std::string code = io.env("EXIT"); !code.empty()) return std::atoi(code.c_str());
    io.write(channel, "sample-web " + io.env("VERSION") + " listens on port 80\n");
    io.sleep(-1);
    return 0;
  }
  io.write(OutputChannel::kStderr, "sh: " + name + ": not found\n");
  return 127;
}

}  // namespace

int RunStubCommand(const std::vector<std::string>& command, const StubIo& io) {
  bool ended = false;
  const bool shell =
      command.size() == 3 && command[1] == "-c" && (command[0] == "sh" || command[0] == "/bin/sh");
  if (!shell) return RunSimple(command, io, &ended);
  int code = 0;
  std::istringstream line(command[2]);
  for (std::string part; !ended && std::getline(line, part, ';');) {
    code = RunSimple(Words(part), io, &ended);
  }
  return code;
}

}  // namespace gantry::docker
