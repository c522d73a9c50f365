// Kills a process that writes, watches and compacts, over and over, and checks after it that the
// store keeps its promises. With a power loss, whatever was not synced goes too.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <rocksdb/env.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <sstream>

#include "apis/machinery/base/clock.h"
#include "store/rocksdb/rocksdb_store.h"
#include "store/rocksdb/testing/unsynced_fs.h"
#include "store/tools/check.h"
#include "tests/crash/victim_model.h"
#include "tests/store/rocksdb/temp_dir.h"

extern char** environ;

namespace gantry::store {
namespace {

// Where the committer and the compactor may die. The number says how often the point may be passed
// at most before.
struct KillPoint {
  const char* name;
  int passes;
};
constexpr KillPoint kKillPoints[] = {{"store.commit.before_write", 30},
                                     {"store.commit.before_visible", 30},
                                     {"store.commit.before_publish", 30},
                                     {"store.commit.before_ack", 30},
                                     {"store.compact.horizon_written", 3},
                                     {"store.compact.step", 3},
                                     {"store.compact.done", 3},
                                     {"unsynced_fs.sync", 30}};
constexpr int kRandomRounds = 35;
constexpr int kRoundsEachPoint = 5;
constexpr int kSyncPointRounds = kRoundsEachPoint * std::size(kKillPoints);
constexpr int kRuns = 3;  // kills alone, power losses, both mixed
static_assert(kRuns * (kRandomRounds + kSyncPointRounds) >= 200);

enum class Loss { kNone, kPower, kMixed };

class CrashTest : public testing::TestWithParam<Loss> {
 protected:
  void SetUp() override { std::filesystem::create_directory(dir_ / "store"); }

  // Runs a victim until it is killed: by itself at `point`, or by us at a random moment.
  void Kill(const KillPoint* point) {
    const std::string side = GetParam() == Loss::kNone ? "" : dir_ / "side";
    const std::vector<std::string> args = {
        STORE_CRASH_CHILD,
        dir_ / "store",
        side,
        std::to_string(++round_),
        std::to_string(model_.resume(0)),
        std::to_string(model_.resume(1)),
        std::to_string(round_ % 2 == 0 ? 16 << 20 : 64 << 10),
        point != nullptr ? point->name : "-",
        std::to_string(point != nullptr ? 1 + random_() % point->passes : 0)};
    int out[2];
    ASSERT_EQ(pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    std::vector<char*> argv;
    for (const auto& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
    argv.push_back(nullptr);
    pid_t pid = 0;
    ASSERT_EQ(posix_spawn(&pid, STORE_CRASH_CHILD, &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    // Of those that we kill, every fourth dies soon after it opened, the others after their first
    // acknowledged write.
    Listen(pid, out[0], point != nullptr || round_ % 4 == 0 ? "open " : "-done ",
           point == nullptr ? static_cast<int>(random_() % 60) : 20'000);
    close(out[0]);
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "status " << status;
    ++kills_;
    if (GetParam() == Loss::kPower || (GetParam() == Loss::kMixed && random_() % 2 == 0)) {
      UnsyncedFs::LosePower(dir_ / "store", side, static_cast<uint32_t>(random_()));
    }
  }

  // Hears the victim until it is dead; kills it `milliseconds` after its first line with `since`.
  void Listen(pid_t pid, int fd, std::string_view since, int milliseconds) {
    std::string rest;
    std::optional<MonoTime> until;
    bool counting = false;
    char buffer[65536];
    while (true) {
      int timeout = -1;
      if (until) {
        const auto left = *until - Clock::Real()->Mono();
        timeout = static_cast<int>(
            std::max<int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(left).count()));
      }
      pollfd waiting{fd, POLLIN, 0};
      poll(&waiting, 1, timeout);
      if (until && Clock::Real()->Mono() >= *until) {
        kill(pid, SIGKILL);
        until.reset();
      }
      if (waiting.revents == 0) continue;
      const ssize_t n = read(fd, buffer, sizeof(buffer));
      if (n <= 0) return;
      rest.append(buffer, static_cast<size_t>(n));
      size_t begin = 0;
      for (size_t end; (end = rest.find('\n', begin)) != rest.npos; begin = end + 1) {
        const std::string line = rest.substr(begin, end - begin);
        if (!counting && line.find(since) != line.npos) {
          counting = true;
          until = Clock::Real()->Mono() + std::chrono::milliseconds(milliseconds);
        }
        model_.Hear(line);
      }
      rest.erase(0, begin);
    }
  }

  void Verify() {
    {
      RocksDbOptions options;
      std::unique_ptr<rocksdb::Env> env;
      if (GetParam() != Loss::kNone) {
        env = rocksdb::NewCompositeEnv(std::make_shared<UnsyncedFs>(dir_ / "store", dir_ / "side"));
        options.env = env.get();
      }
      auto store = OpenRocksDbStore(dir_ / "store", options);
      ASSERT_TRUE(store.ok()) << store.error().message;
      model_.Verify(store->get());
    }
    ASSERT_EQ(model_.violations(), "") << "round " << round_;
    std::ostringstream text;
    auto report = CheckStore(dir_ / "store", text);
    ASSERT_TRUE(report.ok()) << report.error().message;
    ASSERT_EQ(report->problems, 0u) << text.str();
  }

  TempDir dir_;
  VictimModel model_;
  std::minstd_rand random_{static_cast<uint32_t>(GetParam()) + 20};
  int round_ = 0;
  int kills_ = 0;
};

TEST_P(CrashTest, KilledAtRandom) {
  for (int i = 0; i < kRandomRounds; ++i) {
    ASSERT_NO_FATAL_FAILURE(Kill(nullptr));
    // Sometimes the next victim is the first to open what the last one left.
    if (i % 3 != 0) {
      ASSERT_NO_FATAL_FAILURE(Verify());
    }
  }
  ASSERT_NO_FATAL_FAILURE(Verify());
  EXPECT_EQ(kills_, kRandomRounds);
  EXPECT_GE(model_.acknowledged(), static_cast<size_t>(kRandomRounds / 2)) << "no victim wrote";
}

TEST_P(CrashTest, KilledAtSyncPoints) {
#ifndef GANTRY_SYNC_POINTS
  // Without the points in the build the moments are random.
  for (int i = 0; i < kSyncPointRounds; ++i) {
    ASSERT_NO_FATAL_FAILURE(Kill(nullptr));
    ASSERT_NO_FATAL_FAILURE(Verify());
  }
#else
  for (int i = 0; i < kRoundsEachPoint; ++i) {
    for (const KillPoint& point : kKillPoints) {
      SCOPED_TRACE(point.name);
      // The machine's own file system has no points.
      const bool has = GetParam() != Loss::kNone || !std::string_view(point.name).starts_with("un");
      ASSERT_NO_FATAL_FAILURE(Kill(has ? &point : nullptr));
      ASSERT_NO_FATAL_FAILURE(Verify());
    }
  }
#endif
  EXPECT_EQ(kills_, kSyncPointRounds);
  EXPECT_GE(model_.acknowledged(), static_cast<size_t>(kSyncPointRounds)) << "victims wrote little";
}

std::string LossName(const testing::TestParamInfo<Loss>& info) {
  const char* const names[] = {"Process", "Power", "Mixed"};
  return names[static_cast<int>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Store, CrashTest, testing::Values(Loss::kNone, Loss::kPower, Loss::kMixed),
                         LossName);

}  // namespace
}  // namespace gantry::store
