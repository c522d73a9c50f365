#include "store/memory/memory_store.h"

#include <gtest/gtest.h>

#include "apis/machinery/base/mutex.h"

namespace gantry::store {
namespace {

TEST(MemoryStoreTest, OpensByItsScheme) {
  auto store = OpenStore("memory:");
  ASSERT_TRUE(store.ok());
  EXPECT_EQ((*store)->current_revision(), 0);
  EXPECT_TRUE((*store)->Health().ok());
}

TEST(MemoryStoreTest, WritesReadsAndWatches) {
  auto store = NewMemoryStore();
  ASSERT_EQ(*store->Create("/a", "1"), 1);
  ASSERT_EQ(*store->Update("/a", "2", 1), 2);
  ASSERT_EQ(*store->Delete("/a", 2), 3);
  EXPECT_EQ(store->Get("/a", 1)->record->value, "1");
  EXPECT_FALSE(store->Get("/a")->record.has_value());

  Mutex mu;
  CondVar cv;
  std::vector<Event> seen;
  auto watch = store->Watch("/a", 0, [&](const std::vector<Event>& batch) {
    MutexLock lock(&mu);
    seen.insert(seen.end(), batch.begin(), batch.end());
    cv.SignalAll();
    return true;
  });
  ASSERT_TRUE(watch.ok());
  {
    MutexLock lock(&mu);
    while (seen.size() < 3) cv.Wait(&mu);
    EXPECT_EQ(seen[2].type, Event::Type::kDelete);
    EXPECT_EQ(seen[2].value, "2");
  }
  ASSERT_EQ(*store->Create("/a", "4"), 4);
  MutexLock lock(&mu);
  while (seen.size() < 4) cv.Wait(&mu);
  EXPECT_EQ(seen[3].previous, 0);
}

TEST(MemoryStoreTest, HasNoBackup) {
  EXPECT_EQ(NewMemoryStore()->Backup("/nowhere").code(), Code::kMethodNotAllowed);
}

TEST(OpenStoreTest, NamesTheSchemes) {
  for (const char* uri : {"", "memory", "etcd:x", ":"}) {
    auto store = OpenStore(uri);
    ASSERT_FALSE(store.ok());
    EXPECT_EQ(store.code(), Code::kBadRequest);
  }
}

}  // namespace
}  // namespace gantry::store
