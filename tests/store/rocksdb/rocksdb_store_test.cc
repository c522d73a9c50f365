#include "store/rocksdb/rocksdb_store.h"

#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include "store/conformance/recorder.h"
#include "store/rocksdb/testing/faulty_fs.h"
#include "tests/store/rocksdb/temp_dir.h"

namespace gantry::store {
namespace {

TEST(RocksDbStoreTest, AFailedSyncIsNeverAcknowledgedAndTurnsHealthRed) {
  TempDir dir;
  auto fs = std::make_shared<FaultyFs>();
  auto env = rocksdb::NewCompositeEnv(fs);
  auto store = OpenRocksDbStore(dir / "store", {env.get()});
  ASSERT_TRUE(store.ok()) << store.error().message;
  ASSERT_TRUE((*store)->Create("/a", "1").ok());
  Recorder recorder;
  ASSERT_TRUE(recorder.Start(store->get(), "", 0).ok());
  fs->Set(DiskFault::kSyncError);
  EXPECT_EQ((*store)->Create("/b", "1").code(), Code::kUnavailable);
  fs->Set(DiskFault::kNone);
  // Nobody knows what reached the disk, so nothing more is acknowledged.
  EXPECT_EQ((*store)->Create("/c", "1").code(), Code::kUnavailable);
  EXPECT_EQ((*store)->Health().code(), Code::kUnavailable);
  EXPECT_EQ((*store)->Compact(1).code(), Code::kUnavailable);
  EXPECT_EQ((*store)->current_revision(), 1);
  EXPECT_EQ((*store)->Get("/a")->record->value, "1");
  EXPECT_FALSE((*store)->Get("/b")->record.has_value());
  EXPECT_EQ(recorder.WaitForEvents(1).size(), 1u);
  recorder.Stop();
  store->reset();
  auto again = OpenRocksDbStore(dir / "store", {env.get()});
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_TRUE((*again)->Health().ok());
  EXPECT_TRUE((*again)->Create("/c", "1").ok());
}

TEST(RocksDbStoreTest, ADirectoryHasOneOwner) {
  TempDir dir;
  auto store = OpenRocksDbStore(dir / "store");
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(OpenRocksDbStore(dir / "store").code(), Code::kUnavailable);
  ASSERT_TRUE((*store)->Create("/a", "1").ok()) << "the second opener did no harm";
}

TEST(RocksDbStoreTest, MakesMissingParents) {
  TempDir dir;
  auto store = OpenRocksDbStore(dir / "x/y//z/");
  ASSERT_TRUE(store.ok()) << store.error().message;
  EXPECT_TRUE(std::filesystem::exists(dir / "x/y/z/CURRENT"));
}

TEST(RocksDbStoreTest, ReadsAndChecksWhatWasFlushedToFiles) {
  TempDir dir;
  auto store = OpenRocksDbStore(dir / "store");
  ASSERT_TRUE(store.ok());
  // Each backup flushes, so that versions of one key lie in several files.
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 50; ++i) {
      const std::string key = "/k" + std::to_string(i);
      if (round % 2 == 0) {
        ASSERT_TRUE((*store)->Create(key, std::to_string(round)).ok());
      } else {
        ASSERT_TRUE((*store)->Delete(key, 0).ok());
      }
    }
    ASSERT_TRUE((*store)->Backup(dir / ("backup" + std::to_string(round))).ok());
    for (int i = 0; i < 60; ++i) {
      const std::string key = "/k" + std::to_string(i);
      const bool live = i < 50 && round % 2 == 0;
      EXPECT_EQ((*store)->Get(key)->record.has_value(), live) << key;
      if (live) {
        EXPECT_EQ((*store)->Create(key, "x").code(), Code::kAlreadyExists);
      }
      if (!live) {
        EXPECT_EQ((*store)->Delete(key, 0).code(), Code::kNotFound);
      }
    }
    EXPECT_EQ((*store)->List("/", {})->records.size(), round % 2 == 0 ? 50u : 0u);
  }
  ASSERT_TRUE((*store)->Compact((*store)->current_revision()).ok());
  EXPECT_EQ((*store)->List("/", {})->records.size(), 50u);
}

TEST(RocksDbStoreTest, AnUnknownFormatIsRefused) {
  TempDir dir;
  std::filesystem::create_directory(dir / "store");
  std::FILE* file = std::fopen((dir / "store/CURRENT").c_str(), "w");
  std::fputs("rubbish", file);
  std::fclose(file);
  EXPECT_FALSE(OpenRocksDbStore(dir / "store").ok());
}

}  // namespace
}  // namespace gantry::store
