// The victim of the crash test: writes, watches and compacts until it is killed. See
// tests/crash/protocol.h for what it prints.
#include <fmt/format.h>
#include <rocksdb/env.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "apis/machinery/base/sync_point.h"
#include "store/rocksdb/rocksdb_store.h"
#include "store/rocksdb/testing/unsynced_fs.h"
#include "tests/crash/protocol.h"

namespace gantry::store {
namespace {

constexpr int kWriters = 5;
constexpr int kKeysEach = 6;

void Say(const std::string& line) {
  const std::string whole = line + "\n";
  if (write(STDOUT_FILENO, whole.data(), whole.size()) < 0) _exit(1);
}

struct Options {
  std::string dir;
  std::string side;  // empty: the machine's file system
  std::string round;
  Revision resume[2];
  size_t write_buffer_bytes;
  std::string kill_point;  // "-": none
  int kill_count;
};

class Victim {
 public:
  explicit Victim(const Options& options) : options_(options) {}

  void Run() {
    RocksDbOptions store_options;
    store_options.write_buffer_bytes = options_.write_buffer_bytes;
    if (!options_.side.empty()) {
      env_ = rocksdb::NewCompositeEnv(std::make_shared<UnsyncedFs>(options_.dir, options_.side));
      store_options.env = env_.get();
    }
    auto opened = OpenRocksDbStore(options_.dir, store_options);
    if (!opened.ok()) return Say("error open: " + opened.error().message);
    store_ = *std::move(opened);
    Say(fmt::format("open {}", store_->current_revision()));
    if (options_.kill_point != "-") {
      SyncPoints::Get()->Set(options_.kill_point, [this] {
        if (--kills_left_ <= 0) kill(getpid(), SIGKILL);
      });
    }
    for (int watch = 0; watch < 2; ++watch) {
      seen_[watch] = options_.resume[watch];
      Watch(watch);
    }
    std::vector<std::thread> threads;
    for (int n = 0; n < kWriters; ++n) threads.emplace_back([this, n] { Write(n); });
    threads.emplace_back([this] { Compact(); });
    for (auto& thread : threads) thread.join();  // only after an error
  }

 private:
  void Watch(int watch) {
    auto handle = store_->Watch(kWatchPrefix[watch], options_.resume[watch],
                                [this, watch](const std::vector<Event>& batch) {
                                  for (const Event& e : batch) {
                                    if (e.type == Event::Type::kProgress) continue;
                                    if (e.type == Event::Type::kLost) {
                                      Say("error a watch was lost");
                                      return false;
                                    }
                                    Say(fmt::format("event {} {} {} {} {} {}", watch,
                                                    e.type == Event::Type::kPut ? "put" : "delete",
                                                    e.revision, e.key, e.previous, IdOf(e.value)));
                                    seen_[watch] = e.revision;
                                  }
                                  return true;
                                });
    if (!handle.ok()) return Say("error watch: " + handle.error().message);
    handles_[watch] = *std::move(handle);
  }

  // Each writer has its keys to itself, so every write must succeed.
  void Write(int n) {
    std::minstd_rand random(static_cast<uint32_t>(std::hash<std::string>()(options_.round) + n));
    std::map<std::string, Revision> live;
    const std::string prefix = fmt::format("/w{}/", n);
    auto list = store_->List(prefix, {});
    if (!list.ok()) return Say("error list: " + list.error().message);
    for (const Record& r : list->records) live[r.key] = r.mod_revision;
    for (int i = 0;; ++i) {
      const std::string key = prefix + std::to_string(random() % kKeysEach);
      const Revision expect = live[key];
      if (expect != 0 && random() % 4 == 0) {
        Say(fmt::format("delete {} {}", key, expect));
        auto done = store_->Delete(key, expect);
        if (!done.ok()) return Say("error delete: " + done.error().message);
        Say(fmt::format("delete-done {} {} {}", key, expect, *done));
        live[key] = 0;
      } else {
        const std::string id = fmt::format("{}.{}.{}", options_.round, n, i);
        Say(fmt::format("put {} {}", id, key));
        auto done = expect == 0 ? store_->Create(key, ValueOf(id))
                                : store_->Update(key, ValueOf(id), expect);
        if (!done.ok()) return Say("error put: " + done.error().message);
        Say(fmt::format("put-done {} {}", id, *done));
        live[key] = *done;
      }
    }
  }

  // Never beyond what both watches have told the tester: the next victim resumes there.
  void Compact() {
    while (true) {
      const Revision horizon = std::min(seen_[0].load(), seen_[1].load()) - 10;
      if (horizon > store_->horizon() + 10) {
        const Status done = store_->Compact(horizon);
        if (!done.ok()) return Say("error compact: " + done.error().message);
        Say(fmt::format("compacted {}", horizon));
      }
      std::this_thread::yield();
    }
  }

  const Options& options_;
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<WatchHandle> handles_[2];
  std::atomic<Revision> seen_[2];
  std::atomic<int> kills_left_{options_.kill_count};
};

}  // namespace
}  // namespace gantry::store

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // it never outlives the test
  alarm(60);
  if (argc != 9) return 2;
  const gantry::store::Options options{argv[1],
                                       argv[2],
                                       argv[3],
                                       {std::stoll(argv[4]), std::stoll(argv[5])},
                                       std::stoull(argv[6]),
                                       argv[7],
                                       std::stoi(argv[8])};
  gantry::store::Victim(options).Run();
  return 1;
}
