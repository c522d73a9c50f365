#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <ostream>
#include <thread>

#include "apis/nodeproxy/channels.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/containers.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/terminal.h"

namespace gantry::kubectl {
namespace {

using nodeproxy::kExecProtocol4;
using nodeproxy::kExecProtocol5;
using nodeproxy::kFrameClose;
using nodeproxy::kFrameResize;
using nodeproxy::kFrameStatus;
using nodeproxy::kFrameStderr;
using nodeproxy::kFrameStdin;
using nodeproxy::kFrameStdout;
using nodeproxy::MakeFrame;

constexpr int kLookEveryMs = 200;

struct ExecFlags {
  std::vector<std::string> words;
  bool stdin_ = false;
  bool tty = false;
};

// Sends standard input and the terminal's size until it ends or is told to stop.
class InputPump {
 public:
  InputPump(client::WebSocket* socket, bool tty) : socket_(socket), tty_(tty) {
    thread_ = std::thread([this] { Run(); });
  }
  ~InputPump() {
    stop_ = true;
    thread_.join();
  }

 private:
  void Run() {
    while (!stop_) {
      SendSize();
      pollfd in{STDIN_FILENO, POLLIN, 0};
      if (poll(&in, 1, kLookEveryMs) <= 0) continue;
      char bytes[16 * 1024];
      const ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
      if (n > 0) {
        if (!socket_->Send(MakeFrame(kFrameStdin, {bytes, static_cast<size_t>(n)}), true).ok())
          return;
        continue;
      }
      if (socket_->protocol() == kExecProtocol5) {
        socket_->Send(MakeFrame(kFrameClose, std::string(1, kFrameStdin)), true).IgnoreError();
      }
      return;
    }
  }

  void SendSize() {
    if (!tty_) return;
    const auto size = TerminalSize();
    if (size == sent_ || size.first == 0) return;
    sent_ = size;
    const Json resize = {{"Width", size.first}, {"Height", size.second}};
    socket_->Send(MakeFrame(kFrameResize, DumpJson(resize)), true).IgnoreError();
  }

  client::WebSocket* const socket_;
  const bool tty_;
  std::pair<int, int> sent_{0, 0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// Copies output until the command ends.
Result<int> CopyOutput(client::WebSocket* socket, Io& io) {
  while (true) {
    const auto frame = socket->Receive();
    if (!frame.ok()) return LocalError("the connection broke before the command ended");
    if (frame->empty()) continue;
    const std::string_view data = std::string_view(*frame).substr(1);
    switch (frame->front()) {
      case kFrameStdout: io.out << data << std::flush; break;
      case kFrameStderr: io.err << data << std::flush; break;
      case kFrameStatus: return nodeproxy::ReadExecStatus(data);
      default: break;
    }
  }
}

Result<int> Exec(Session& session, const ExecFlags& flags, std::vector<std::string> command) {
  if (flags.words.empty()) return LocalError("a container is required: exec ct/NAME -- COMMAND");
  command.insert(command.begin(), flags.words.begin() + 1, flags.words.end());
  if (command.empty()) return LocalError("you must specify at least one command for the container");
  GANTRY_TRY_SET(const ContainerSet set, FindContainers(session, flags.words[0]));
  if (set.names.empty()) return LocalError(fmt::format("{} has no container", flags.words[0]));
  GANTRY_TRY_SET(const client::Client* client, session.client());

  std::unique_ptr<RawTerminal> terminal;
  bool tty = flags.tty;
  if (tty && flags.stdin_ && !session.io().in_tty) {
    session.io().err << "Unable to use a TTY - input is not a terminal or the right kind of file\n";
    tty = false;
  }
  std::string target = client::ResourcePath(set.type->resource, set.ns, set.names[0], "exec");
  target += fmt::format("?stdin={}&stdout=true&stderr={}&tty={}", flags.stdin_, !tty, tty);
  for (const std::string& word : command) target += "&command=" + client::PercentEncode(word);
  GANTRY_TRY_SET(const auto socket,
                 client->transport()->Connect(session.ctx(), {"GET", target, {}, ""},
                                              {kExecProtocol5, kExecProtocol4}));
  if (tty && flags.stdin_) terminal = RawTerminal::Enter();
  std::optional<InputPump> input;
  if (flags.stdin_) input.emplace(socket.get(), tty);
  return CopyOutput(socket.get(), session.io());
}

}  // namespace

void AddExec(const Command& root, Session* session, const std::vector<std::string>* after_dashes) {
  auto flags = std::make_shared<ExecFlags>();
  const Command verb = root.Add("exec", "run a command in a container; gives its exit code",
                                "kubectl-gantry exec [-it] ct/NAME -- COMMAND [ARGUMENT...]");
  verb.Words(&flags->words, "the container")
      .Flag("-i,--stdin", &flags->stdin_, "hand standard input to the command")
      .Flag("-t,--tty", &flags->tty, "give the command a terminal");
  verb.Runs([session, flags, after_dashes] { return Exec(*session, *flags, *after_dashes); });
}

}  // namespace gantry::kubectl
