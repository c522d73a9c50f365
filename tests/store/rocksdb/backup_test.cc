#include "store/rocksdb/backup.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "store/conformance/recorder.h"
#include "store/rocksdb/rocksdb_store.h"
#include "store/tools/check.h"
#include "tests/store/rocksdb/temp_dir.h"

namespace gantry::store {
namespace {

class RestoreTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = OpenRocksDbStore(dir_ / "store");
    ASSERT_TRUE(store.ok()) << store.error().message;
    ASSERT_TRUE((*store)->Create("/a", "1").ok());
    ASSERT_TRUE((*store)->Update("/a", "2", 0).ok());
    ASSERT_TRUE((*store)->Create("/b", "1").ok());
    ASSERT_TRUE((*store)->Delete("/b", 0).ok());
    ASSERT_TRUE((*store)->Backup(dir_ / "backup").ok());
    ASSERT_TRUE((*store)->Create("/lost", "1").ok());
    last_ = (*store)->current_revision();
  }

  TempDir dir_;
  Revision last_ = 0;
};

TEST_F(RestoreTest, AStoreThatNobodyHasOpenIsCopied) {
  ASSERT_TRUE(BackupStore(dir_ / "store", dir_ / "copy").ok());
  std::stringstream report;
  EXPECT_EQ(CheckStore(dir_ / "copy", report)->problems, 0u) << report.str();
  EXPECT_EQ((*OpenRocksDbStore(dir_ / "copy"))->current_revision(), last_);
  EXPECT_EQ(BackupStore(dir_ / "store", dir_ / "copy").code(), Code::kAlreadyExists);
  // Nothing is made in passing.
  EXPECT_EQ(BackupStore(dir_ / "none", dir_ / "copy2").code(), Code::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "none"));
}

TEST_F(RestoreTest, ContinuesFarAboveEveryRevisionHandedOut) {
  auto floor = RestoreBackup(dir_ / "backup", dir_ / "restored");
  ASSERT_TRUE(floor.ok()) << floor.error().message;
  EXPECT_GE(*floor, last_ - 1 + kRestoreBump);
  auto store = OpenRocksDbStore(dir_ / "restored");
  ASSERT_TRUE(store.ok()) << store.error().message;
  EXPECT_EQ((*store)->current_revision(), *floor);
  EXPECT_EQ((*store)->Get("/a")->record->value, "2");
  EXPECT_FALSE((*store)->Get("/b")->record.has_value());
  EXPECT_FALSE((*store)->Get("/lost")->record.has_value());
  EXPECT_EQ(*(*store)->Create("/new", "1"), *floor + 1);
}

TEST_F(RestoreTest, OlderReadsAndWatchesExpire) {
  ASSERT_TRUE(RestoreBackup(dir_ / "backup", dir_ / "restored").ok());
  auto store = OpenRocksDbStore(dir_ / "restored");
  ASSERT_TRUE(store.ok());
  Recorder recorder;
  for (Revision r = 1; r <= last_ + 1; ++r) {
    EXPECT_EQ((*store)->Get("/a", r).code(), Code::kExpired);
    EXPECT_EQ(recorder.Start(store->get(), "", r).code(), Code::kExpired);
  }
  ASSERT_TRUE(recorder.Start(store->get(), "", (*store)->current_revision()).ok());
  ASSERT_TRUE((*store)->Update("/a", "3", 0).ok());
  EXPECT_EQ(recorder.WaitForEvents(1)[0].previous, 2);
}

TEST_F(RestoreTest, ContinuesAboveWhatTheCallerSaw) {
  const Revision above = 5'000'000'000'000;
  auto floor = RestoreBackup(dir_ / "backup", dir_ / "restored", {above});
  ASSERT_TRUE(floor.ok());
  EXPECT_EQ(*floor, above + kRestoreBump);
}

TEST_F(RestoreTest, TheRestoredStoreIsSoundAndCanBeBackedUpAgain) {
  ASSERT_TRUE(RestoreBackup(dir_ / "backup", dir_ / "restored/").ok());
  {
    auto store = OpenRocksDbStore(dir_ / "restored");
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE((*store)->Update("/a", "3", 2).ok());
    ASSERT_TRUE((*store)->Backup(dir_ / "backup2").ok());
  }
  auto floor = RestoreBackup(dir_ / "backup2", dir_ / "again");
  ASSERT_TRUE(floor.ok());
  EXPECT_GT(*floor, 2 * kRestoreBump);
  for (const char* name : {"restored", "again", "store", "backup"}) {
    std::ostringstream out;
    auto report = CheckStore(dir_ / name, out);
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_EQ(report->problems, 0u) << out.str();
    EXPECT_EQ(report->leftovers, 0u) << out.str();
  }
}

TEST_F(RestoreTest, OverwritesNothing) {
  EXPECT_EQ(RestoreBackup(dir_ / "backup", dir_ / "store").code(), Code::kAlreadyExists);
  EXPECT_EQ(RestoreBackup(dir_ / "nothing", dir_ / "restored").code(), Code::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "restored"));
}

}  // namespace
}  // namespace gantry::store
