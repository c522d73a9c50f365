#include "tests/consistency/runner/server_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "store/rocksdb/testing/unsynced_fs.h"

namespace gantry::consistency {
namespace {

using apiserver::testing::TlsClient;

constexpr auto kStartPatience = std::chrono::seconds(60);
constexpr auto kPause = std::chrono::milliseconds(2);

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

ServerProcess::~ServerProcess() { Kill(); }

Result<Duration> ServerProcess::Start() {
  std::vector<std::string> command = options_.command;
  for (std::string& word : command) {
    if (word == "DATA") word = options_.data_dir;
    if (word == "SIDE") word = options_.side_dir;
  }
  std::vector<char*> argv;
  for (std::string& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  int out[2];
  if (pipe2(out, O_CLOEXEC) != 0) return Error(Code::kUnavailable, "pipe failed");
  const std::string log = options_.data_dir + ".log";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  const MonoTime begin = Clock::Real()->Mono();
  const int failed = posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  Result<std::string> ready =
      failed == 0 ? AwaitReady(out[0]) : Error(Code::kUnavailable, command[0] + " does not run");
  const Duration took = Clock::Real()->Mono() - begin;
  close(out[0]);
  if (!ready.ok()) return std::move(ready).error().Wrap("server, see " + log);
  const size_t colon = ready->find(':', ready->find("//"));
  MutexLock lock(&mu_);
  ca_ = ReadAll(options_.data_dir + "/ca.crt");
  token_ = ReadAll(options_.data_dir + "/admin.token");
  port_ = static_cast<uint16_t>(std::atoi(ready->c_str() + colon + 1));
  changed_.SignalAll();
  return took;
}

Result<std::string> ServerProcess::AwaitReady(int fd) {
  const MonoTime deadline = Clock::Real()->Mono() + kStartPatience;
  std::string text;
  while (text.find('\n') == std::string::npos) {
    pollfd waiting{fd, POLLIN, 0};
    char piece[4096];
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::Real()->Mono());
    if (left.count() <= 0 || poll(&waiting, 1, static_cast<int>(left.count())) == 0) {
      return Error(Code::kTimeout, "not ready in time");
    }
    const ssize_t n = read(fd, piece, sizeof piece);
    if (n <= 0) return Error(Code::kUnavailable, "ended before it was ready: " + text);
    text.append(piece, static_cast<size_t>(n));
  }
  if (text.rfind("ready ", 0) != 0) return Error(Code::kUnavailable, "said: " + text);
  return text;
}

void ServerProcess::Kill() {
  {
    MutexLock lock(&mu_);
    port_ = 0;
  }
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = 0;
}

void ServerProcess::LosePower(uint32_t seed) {
  store::UnsyncedFs::LosePower(options_.data_dir + "/store", options_.side_dir, seed);
}

void ServerProcess::GiveUp() {
  MutexLock lock(&mu_);
  given_up_ = true;
  changed_.SignalAll();
}

std::unique_ptr<TlsClient> ServerProcess::Connect() {
  while (true) {
    TlsClient::Options options;
    uint16_t port = 0;
    {
      MutexLock lock(&mu_);
      while (port_ == 0 && !given_up_) changed_.Wait(&mu_);
      if (given_up_) return nullptr;
      port = port_;
      options.ca = ca_;
    }
    if (auto client = TlsClient::Connect(port, options)) return client;
    // It is being killed: wait for the next one.
    MutexLock lock(&mu_);
    if (port_ == port) changed_.WaitUntil(&mu_, Clock::Real()->Mono() + kPause);
  }
}

std::string ServerProcess::authorization() const {
  MutexLock lock(&mu_);
  return "Authorization: Bearer " + token_ + "\r\n";
}

}  // namespace gantry::consistency
