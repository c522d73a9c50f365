#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/mutex.h"
#include "apis/machinery/base/result.h"
#include "tests/apiserver/testing/tls_client.h"

namespace gantry::consistency {

// An API server in a process of its own, killed and started again as often as one likes. Start,
// Kill and LosePower belong to one thread; Connect is for all.
class ServerProcess {
 public:
  struct Options {
    // The command; DATA and SIDE in it stand for the directories. It prints `ready  https://…`.
    std::vector<std::string> command;
    std::string data_dir;
    std::string side_dir;  // of the journal of what is not synced
  };
  explicit ServerProcess(Options options) : options_(std::move(options)) {}
  // Kills it.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Returns how long it took until the server said that it is ready.
  Result<Duration> Start();
  // SIGKILL; returns when the process is gone.
  void Kill();
  // What was not synced is lost. Only while it is dead, and with SIDE in the command.
  void LosePower(uint32_t seed);
  // Nobody waits for it any more.
  void GiveUp();

  // A connection to the server; waits until there is one. Null when it was given up.
  std::unique_ptr<apiserver::testing::TlsClient> Connect();
  // The header that says who asks.
  std::string authorization() const;

 private:
  Result<std::string> AwaitReady(int fd);

  const Options options_;
  pid_t pid_ = 0;
  mutable Mutex mu_;
  CondVar changed_;
  uint16_t port_ GUARDED_BY(mu_) = 0;  // 0: it does not run
  bool given_up_ GUARDED_BY(mu_) = false;
  std::string ca_ GUARDED_BY(mu_);
  std::string token_ GUARDED_BY(mu_);
};

}  // namespace gantry::consistency
