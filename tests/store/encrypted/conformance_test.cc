#include "store/conformance/conformance.h"

#include <gtest/gtest.h>

#include "store/encrypted/encrypted_store.h"
#include "tests/store/rocksdb/temp_dir.h"

// The contract holds for sealed values as for any other, on both backends.
namespace gantry::store {
namespace {

std::unique_ptr<TempDir> dir;  // of the running test

Result<std::unique_ptr<Store>> OpenSealed(const std::string& uri) {
  GANTRY_TRY_SET(auto inner, OpenStore(uri));
  GANTRY_TRY_SET(auto key, SealingKey::Make("one", std::string(32, 'k')));
  Keyring keyring;
  keyring.AddRule("", std::make_shared<const SealingKey>(std::move(key)));
  return EncryptedStore::Open(std::move(inner), std::move(keyring), Random::Real());
}

const bool kMemory =
    RegisterConformance({"encrypted_memory", [] { return OpenSealed("memory:"); }, {}, {}, {}});
const bool kRocksDb = RegisterConformance(
    {"encrypted_rocksdb",
     [] {
       dir = std::make_unique<TempDir>();
       return OpenSealed("rocksdb:" + *dir / "store");
     },
     [] { return OpenSealed("rocksdb:" + *dir / "store"); }, [] { return *dir / "backup"; },
     [](const std::string& path) { return OpenSealed("rocksdb:" + path); }});

TEST(EncryptedConformanceTest, IsRegistered) { EXPECT_TRUE(kMemory && kRocksDb); }

}  // namespace
}  // namespace gantry::store
