#include "store/memory/memory_store.h"

#include <gtest/gtest.h>

#include "store/conformance/conformance.h"

namespace gantry::store {
namespace {

const bool kRegistered =
    RegisterConformance({"memory", [] { return OpenStore("memory:"); }, {}, {}, {}});

TEST(MemoryStoreTest, HasNoBackup) {
  EXPECT_TRUE(kRegistered);
  EXPECT_EQ(NewMemoryStore()->Backup("/nowhere").code(), Code::kMethodNotAllowed);
}

TEST(OpenStoreTest, NamesTheSchemes) {
  for (const char* uri : {"", "memory", "memory:x", "etcd:x", ":", "rocksdb:", "rocksdb"}) {
    auto store = OpenStore(uri);
    ASSERT_FALSE(store.ok()) << uri;
    EXPECT_EQ(store.code(), Code::kBadRequest);
  }
}

}  // namespace
}  // namespace gantry::store
