#include "apiserver/audit/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace gantry::apiserver {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

class AuditLogTest : public testing::Test {
 protected:
  AuditLogTest() {
    char name[] = "/tmp/gantry-audit.XXXXXX";
    dir_ = mkdtemp(name);
    options_.path = dir_ / "audit" / "audit.log";
  }
  ~AuditLogTest() override { fs::remove_all(dir_); }

  std::unique_ptr<AuditLog> Open() {
    auto log = AuditLog::Open(options_, &clock_);
    EXPECT_TRUE(log.ok()) << log.error().message;
    return log.ok() ? *std::move(log) : nullptr;
  }
  static std::string Read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  fs::path dir_;
  AuditLogOptions options_;
  FakeClock clock_{*ParseTime("2026-11-21T11:34:00Z")};
};

TEST_F(AuditLogTest, KeepsLinesInOrderAndAppendsToThem) {
  Open()->Write("one\n");
  auto log = Open();
  log->Write("two\n");
  log->Write("three\n");
  log->Flush();
  EXPECT_EQ(Read(options_.path), "one\ntwo\nthree\n");
  EXPECT_EQ(fs::status(options_.path).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(dir_ / "audit").permissions(), fs::perms::owner_all);
}

TEST_F(AuditLogTest, HalfALineOfAKilledProcessIsEnded) {
  fs::create_directory(dir_ / "audit");
  std::ofstream(options_.path) << "one\ntw";
  auto log = Open();
  log->Write("three\n");
  log->Flush();
  EXPECT_EQ(Read(options_.path), "one\ntw\nthree\n");
}

TEST_F(AuditLogTest, RotatesBySize) {
  options_.max_bytes = 10;
  options_.max_files = 2;
  auto log = Open();
  for (const char* line : {"1234\n", "5678\n", "abcd\n", "a line longer than a file\n", "x\n"}) {
    log->Write(line);
    log->Flush();
  }
  const auto files = log->Files();
  ASSERT_THAT(files, SizeIs(3)) << "the oldest is gone";
  EXPECT_EQ(Read(files[0]), "abcd\n");
  EXPECT_EQ(Read(files[1]), "a line longer than a file\n");
  EXPECT_EQ(Read(files[2]), "x\n");
  EXPECT_THAT(files[0], MatchesRegex(".*/audit-2026-11-21T11-34-00\\.[0-9]+\\.log"));
}

TEST_F(AuditLogTest, ManyLinesAtOnceFillFilesToTheirSize) {
  options_.max_bytes = 100;
  options_.max_files = 0;
  {
    auto log = Open();
    for (int i = 0; i < 100; ++i) log->Write("123456789\n");
  }
  const auto files = Open()->Files();
  ASSERT_THAT(files, SizeIs(10));
  for (const std::string& file : files) EXPECT_EQ(fs::file_size(file), 100u) << file;
}

TEST_F(AuditLogTest, RemovesWhatIsTooOld) {
  options_.max_bytes = 1;
  options_.max_days = 7;
  Open()->Write("old\n");
  clock_.Advance(std::chrono::hours(24));
  {
    auto log = Open();
    log->Write("later\n");
    log->Flush();
    EXPECT_THAT(log->Files(), SizeIs(2));
  }
  clock_.Advance(std::chrono::hours(24) * 7 + std::chrono::hours(1));
  EXPECT_THAT(Open()->Files(), ElementsAre(options_.path)) << "also when it starts";
}

TEST_F(AuditLogTest, OtherFilesAreLeftAlone) {
  options_.max_files = 1;
  options_.max_bytes = 1;
  fs::create_directory(dir_ / "audit");
  std::ofstream(dir_ / "audit" / "audit-of-1999.log") << "x";
  auto log = Open();
  for (int i = 0; i < 4; ++i) {
    log->Write("x\n");
    log->Flush();
  }
  EXPECT_THAT(log->Files(), SizeIs(2));
  EXPECT_TRUE(fs::exists(dir_ / "audit" / "audit-of-1999.log"));
}

// The thread that writes stands still in a full pipe.
TEST_F(AuditLogTest, ASlowDiskBlocksNobody) {
  fs::create_directory(dir_ / "audit");
  ASSERT_EQ(mkfifo(options_.path.c_str(), 0600), 0);
  options_.queue_bytes = 4096;
  options_.max_bytes = ~0ULL;
  auto log = Open();
  const std::string line = std::string(1023, 'x') + "\n";
  for (int i = 0; i < 1000; ++i) log->Write(line);  // returns
  std::string read;
  std::ifstream pipe(options_.path);
  std::thread reader([&] {
    char buffer[65536];
    while (pipe.read(buffer, 1024)) read.append(buffer, 1024);
  });
  log.reset();
  reader.join();
  EXPECT_GE(read.size(), 4096u);
  EXPECT_LT(read.size(), 1000u * 1024) << "some were dropped";
  EXPECT_EQ(read.size() % 1024, 0u) << "whole lines";
}

// The disk is a full pipe, of which a line is read whenever the queue has been filled again.
TEST_F(AuditLogTest, FlushWaitsForNothingThatComesLater) {
  fs::create_directory(dir_ / "audit");
  ASSERT_EQ(mkfifo(options_.path.c_str(), 0600), 0);
  options_.queue_bytes = 4096;
  options_.max_bytes = ~0ULL;
  auto log = Open();
  const int pipe = open(options_.path.c_str(), O_RDONLY);
  ASSERT_EQ(fcntl(pipe, F_SETPIPE_SZ, 4096), 4096);
  const std::string line = std::string(1023, 'x') + "\n";
  const auto fill = [&] {
    for (int i = 0; i < 8; ++i) log->Write(line);
  };
  for (int waiting = 0; waiting == 0; ioctl(pipe, FIONREAD, &waiting)) fill();
  fill();
  std::atomic<bool> flushed = false;
  std::thread flusher([&] {
    log->Flush();
    flushed = true;
  });
  char buffer[1024];
  int lines_read = 0;
  for (; !flushed && lines_read < 10'000; ++lines_read) {
    fill();
    ASSERT_EQ(read(pipe, buffer, sizeof buffer), 1024);
  }
  EXPECT_LT(lines_read, 10'000);
  std::thread reader([&] {
    while (read(pipe, buffer, sizeof buffer) > 0) {
    }
  });
  flusher.join();
  log.reset();
  reader.join();
  close(pipe);
}

TEST_F(AuditLogTest, AFullDiskLeavesWholeLines) {
  auto log = Open();
  log->Write("before\n");
  log->Flush();
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = old;
  small.rlim_cur = 20;
  setrlimit(RLIMIT_FSIZE, &small);
  log->Write("longer than what is left\n");
  log->Flush();
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, ignored);
  log->Write("after\n");
  log->Flush();
  EXPECT_EQ(Read(options_.path), "before\nafter\n");
}

TEST_F(AuditLogTest, WithoutADirectoryItSaysWhy) {
  std::ofstream(dir_ / "audit") << "a file";
  const auto log = AuditLog::Open(options_, &clock_);
  ASSERT_EQ(log.code(), Code::kUnavailable);
  EXPECT_THAT(log.error().message, testing::HasSubstr(options_.path));
}

}  // namespace
}  // namespace gantry::apiserver
