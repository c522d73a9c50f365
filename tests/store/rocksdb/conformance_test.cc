#include "store/conformance/conformance.h"

#include <gtest/gtest.h>

#include "tests/store/rocksdb/temp_dir.h"

namespace gantry::store {
namespace {

std::unique_ptr<TempDir> dir;  // of the running test

Result<std::unique_ptr<Store>> OpenNew() {
  dir = std::make_unique<TempDir>();
  return OpenStore("rocksdb:" + *dir / "store");
}
Result<std::unique_ptr<Store>> Reopen() { return OpenStore("rocksdb:" + *dir / "store"); }
std::string NewBackupPath() { return *dir / "backup"; }
Result<std::unique_ptr<Store>> OpenBackup(const std::string& path) {
  return OpenStore("rocksdb:" + path);
}

const bool kRegistered =
    RegisterConformance({"rocksdb", OpenNew, Reopen, NewBackupPath, OpenBackup});

TEST(RocksDbConformanceTest, IsRegistered) { EXPECT_TRUE(kRegistered); }

}  // namespace
}  // namespace gantry::store
