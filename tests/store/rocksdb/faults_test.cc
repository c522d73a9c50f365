#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "apis/machinery/base/context.h"
#include "store/conformance/recorder.h"
#include "store/rocksdb/rocksdb_store.h"
#include "store/rocksdb/testing/faulty_fs.h"
#include "store/tools/check.h"
#include "tests/store/rocksdb/temp_dir.h"

// What the store does when its disk fails: nothing acknowledged is lost, nothing is acknowledged
// that may be, reads go on, and Health says what to do.
namespace gantry::store {
namespace {

namespace fs = std::filesystem;

std::string Key(int i) {
  std::string digits = std::to_string(i);
  return "/k/" + std::string(6 - digits.size(), '0') + digits;
}

class FaultsTest : public testing::Test {
 protected:
  void Open() {
    auto store = OpenRocksDbStore(
        path(), {env_.get(), 256 << 10, /*recovery_interval=*/std::chrono::milliseconds(1)});
    ASSERT_TRUE(store.ok()) << store.error().message;
    store_ = std::move(*store);
  }

  // Creates keys until a write fails, at most `most`. The next key is created next time.
  void CreateUntilRefused(int most) {
    const std::string value(700, 'v');
    for (int i = 0; i < most; ++i) {
      if (!store_->Create(Key(next_), value).ok()) return;
      acknowledged_.push_back(next_++);
    }
  }

  void WaitUntilHealthy() {
    while (!store_->Health().ok()) std::this_thread::yield();
  }

  // The store as a machine that stops now would leave it on its disk, and as it stays open.
  void ExpectNothingLost(const std::string& dir) {
    auto opened = OpenRocksDbStore(dir);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    const auto list = (*opened)->List("/k/", {});
    ASSERT_TRUE(list.ok());
    ASSERT_EQ(list->records.size(), acknowledged_.size());
    for (size_t i = 0; i < acknowledged_.size(); ++i) {
      EXPECT_EQ(list->records[i].key, Key(acknowledged_[i]));
      EXPECT_EQ(list->records[i].mod_revision, static_cast<Revision>(i + 1));
    }
    EXPECT_EQ((*opened)->current_revision(), static_cast<Revision>(acknowledged_.size()));
    opened->reset();
    std::ostringstream out;
    const auto report = CheckStore(dir, out);
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_EQ(report->problems, 0u) << out.str();
  }

  std::string path() const { return dir_ / "store"; }

  TempDir dir_;
  std::shared_ptr<FaultyFs> disk_ = std::make_shared<FaultyFs>();
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(disk_);
  std::unique_ptr<Store> store_;
  std::vector<int> acknowledged_;
  int next_ = 0;
};

TEST_F(FaultsTest, AFullDiskEndsWithoutARestart) {
  Open();
  Recorder watch;
  ASSERT_TRUE(watch.Start(store_.get(), "/k/", 0).ok());
  for (int round = 0; round < 3; ++round) {
    CreateUntilRefused(round == 0 ? 10 : 600);  // 600 also fill a write buffer
    disk_->Set(DiskFault::kFull);
    const size_t before = acknowledged_.size();
    CreateUntilRefused(3);
    EXPECT_EQ(acknowledged_.size(), before);
    const Status health = store_->Health();
    EXPECT_EQ(health.code(), Code::kUnavailable);
    EXPECT_NE(health.error().message.find("until its disk has space again"), std::string::npos)
        << health.error().message;
    EXPECT_EQ(store_->List("/k/", {})->records.size(), before) << "reads go on";
    disk_->Set(DiskFault::kNone);
    WaitUntilHealthy();
    CreateUntilRefused(5);
    EXPECT_EQ(acknowledged_.size(), before + 5);
  }
  EXPECT_EQ(watch.WaitForEvents(acknowledged_.size()).size(), acknowledged_.size());
  watch.Stop();
  fs::copy(path(), dir_ / "stopped", fs::copy_options::recursive);
  ExpectNothingLost(dir_ / "stopped");
  store_.reset();
  ExpectNothingLost(path());
}

TEST_F(FaultsTest, AFullDiskThatFailsInTheBackgroundEndsToo) {
  Open();
  CreateUntilRefused(50);
  disk_->Set(DiskFault::kFull);
  EXPECT_FALSE(store_->Backup(dir_ / "backup").ok()) << "it flushes, and that fails";
  disk_->Set(DiskFault::kNone);
  WaitUntilHealthy();
  CreateUntilRefused(50);
  EXPECT_EQ(acknowledged_.size(), 100u);
  store_.reset();
  ExpectNothingLost(path());
}

// The disk fills up wherever the store happens to be: in a write, in a flush, or in a try to go on.
TEST_F(FaultsTest, AFullDiskEndsWhereverItIsMet) {
  Open();
  const std::string value(60'000, 'v');  // four of them fill a write buffer
  for (const int appends : {0, 2, 7, 20}) {
    disk_->FillAfter(appends);
    while (store_->Create(Key(next_), value).ok()) acknowledged_.push_back(next_++);
    ++next_;
    EXPECT_EQ(store_->List("/k/", {})->records.size(), acknowledged_.size());
    disk_->FillAfter(appends / 2);  // fails the first try to go on
    while (!disk_->full() && !store_->Health().ok()) std::this_thread::yield();
    disk_->Set(DiskFault::kNone);
    WaitUntilHealthy();
    ASSERT_TRUE(store_->Create(Key(next_), value).ok());
    acknowledged_.push_back(next_++);
  }
  store_.reset();
  ExpectNothingLost(path());
}

struct FinalFault {
  const char* name;
  DiskFault fault;
  const char* text;
};

class FinalFaultTest : public FaultsTest, public testing::WithParamInterface<FinalFault> {};

TEST_P(FinalFaultTest, EndsWhenTheStoreIsOpenedAgain) {
  Open();
  CreateUntilRefused(300);
  disk_->Set(GetParam().fault);
  CreateUntilRefused(3);
  EXPECT_EQ(acknowledged_.size(), 300u);
  disk_->Set(DiskFault::kNone);
  // Nobody knows what reached the disk.
  CreateUntilRefused(3);
  EXPECT_EQ(acknowledged_.size(), 300u);
  const Status health = store_->Health();
  EXPECT_EQ(health.code(), Code::kUnavailable);
  EXPECT_NE(health.error().message.find("until it is opened again"), std::string::npos);
  EXPECT_NE(health.error().message.find(GetParam().text), std::string::npos)
      << health.error().message;
  EXPECT_EQ(store_->List("/k/", {})->records.size(), 300u) << "reads go on";
  store_.reset();
  Open();
  EXPECT_TRUE(store_->Health().ok());
  // The refused write may be there or not, as its writer was told.
  const auto records = store_->List("/k/", {})->records;
  ASSERT_GE(records.size(), 300u);
  ASSERT_LE(records.size(), 301u);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(records[i].key, Key(i));
}

INSTANTIATE_TEST_SUITE_P(
    Disk, FinalFaultTest,
    testing::Values(FinalFault{"WriteError", DiskFault::kWriteError, "Input/output error"},
                    FinalFault{"SyncError", DiskFault::kSyncError, "Input/output error"},
                    FinalFault{"ReadOnly", DiskFault::kReadOnly, "Read-only file system"}),
    [](const auto& info) { return info.param.name; });

TEST_F(FaultsTest, AStoreOnAReadOnlyDiskIsNotOpened) {
  Open();
  CreateUntilRefused(5);
  store_.reset();
  disk_->Set(DiskFault::kReadOnly);
  const auto store = OpenRocksDbStore(path(), {env_.get()});
  ASSERT_EQ(store.code(), Code::kUnavailable);
  EXPECT_NE(store.error().message.find("Read-only file system"), std::string::npos);
  EXPECT_NE(store.error().message.find(path()), std::string::npos) << store.error().message;
  disk_->Set(DiskFault::kNone);
  ExpectNothingLost(path());
}

// The end of the log after a crash: bytes that nobody acknowledged.
TEST_F(FaultsTest, ATornEndOfTheLogLosesNothing) {
  Open();
  CreateUntilRefused(20);
  fs::path log;
  for (const auto& file : fs::directory_iterator(path())) {
    if (file.path().extension() == ".log" && fs::file_size(file) > 0) log = file.path().filename();
  }
  ASSERT_FALSE(log.empty());
  const std::pair<const char*, std::string> ends[] = {
      {"one byte", "x"},
      {"zeros", std::string(4096, '\0')},
      {"garbage", std::string(3000, '\xa5')},
  };
  for (const auto& [name, bytes] : ends) {
    SCOPED_TRACE(name);
    const std::string copy = dir_ / name;
    fs::copy(path(), copy, fs::copy_options::recursive);
    std::ofstream(fs::path(copy) / log, std::ios::binary | std::ios::app) << bytes;
    ExpectNothingLost(copy);
  }
}

// The disk took half of a record, and the machine stopped.
TEST_F(FaultsTest, HalfARecordAtTheEndOfTheLogLosesNothing) {
  Open();
  CreateUntilRefused(20);
  disk_->Set(DiskFault::kFull);
  CreateUntilRefused(1);
  EXPECT_EQ(acknowledged_.size(), 20u);
  fs::copy(path(), dir_ / "stopped", fs::copy_options::recursive);
  ExpectNothingLost(dir_ / "stopped");
}

// Flips one bit of a file at a time: it is found, and no wrong value is ever read.
TEST_F(FaultsTest, ADamagedFileIsFound) {
  Open();
  CreateUntilRefused(500);
  ASSERT_TRUE(store_->Backup(dir_ / "backup").ok());  // all is in files now
  store_.reset();
  std::vector<fs::path> files;
  for (const auto& file : fs::directory_iterator(dir_ / "backup")) {
    if (file.path().extension() == ".sst") files.push_back(file.path());
  }
  ASSERT_FALSE(files.empty());
  int damages = 0;
  for (const auto& file : files) {
    const auto size = fs::file_size(file);
    for (const uintmax_t at : {uintmax_t{10}, size / 3, size / 2, size - 200, size - 20}) {
      SCOPED_TRACE(file.filename().string() + " at " + std::to_string(at));
      std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
      const auto flip = [&] {
        bytes.seekg(static_cast<std::streamoff>(at));
        const char c = static_cast<char>(bytes.get() ^ 0x10);
        bytes.seekp(static_cast<std::streamoff>(at));
        bytes.put(c).flush();
      };
      flip();
      std::ostringstream out;
      const auto report = CheckStore(dir_ / "backup", out);
      EXPECT_TRUE(!report.ok() || report->problems > 0) << out.str();
      if (auto opened = OpenRocksDbStore(dir_ / "backup"); opened.ok()) {
        for (int i = 0; i < 500; ++i) {
          const auto got = (*opened)->Get(Key(i));
          if (got.ok()) {
            ASSERT_TRUE(got->record.has_value()) << Key(i);
            EXPECT_EQ(got->record->value, std::string(700, 'v'));
          } else {
            EXPECT_EQ(got.code(), Code::kDataLoss) << got.error().message;
          }
        }
      } else {
        EXPECT_EQ(opened.code(), Code::kDataLoss) << opened.error().message;
      }
      flip();
      ++damages;
    }
  }
  EXPECT_GE(damages, 5);
}

}  // namespace
}  // namespace gantry::store
