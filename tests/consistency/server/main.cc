// The server of the program, `gantry apiserver`, on a disk that a test can rob of what was not
// synced:
//
//   consistency_server DATA_DIR [SIDE]
//
// With SIDE, a directory on the same disk, the store lies on an UnsyncedFs with its journal there.
#include <fmt/format.h>
#include <rocksdb/env.h>
#include <sys/prctl.h>

#include <csignal>
#include <cstdio>

#include "apis/machinery/base/log.h"
#include "apiserver/gantry/commands.h"
#include "store/rocksdb/rocksdb_store.h"
#include "store/rocksdb/testing/unsynced_fs.h"

namespace gantry::consistency {
namespace {

void PrepareProcess() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // it never outlives the test
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  log::SetLevel("warn");
}

int Main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return 2;
  PrepareProcess();
  program::ServerOptions options;
  options.data_dir = argv[1];
  options.listen = "127.0.0.1:0";
  options.with_controllers = false;
  std::unique_ptr<rocksdb::Env> env;
  if (argc == 3) {
    const std::string side = argv[2];
    options.open_store = [&env, dir = options.data_dir + "/store", side](const std::string&) {
      env = rocksdb::NewCompositeEnv(std::make_shared<store::UnsyncedFs>(dir, side));
      store::RocksDbOptions on_it;
      on_it.env = env.get();
      return store::OpenRocksDbStore(dir, on_it);
    };
  }
  const Status ended = program::RunServer(options);
  if (ended.ok()) return 0;
  fmt::print(stderr, "error: {}\n", ended.error().message);
  return 1;
}

}  // namespace
}  // namespace gantry::consistency

int main(int argc, char** argv) { return gantry::consistency::Main(argc, argv); }
