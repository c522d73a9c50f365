#include "apiserver/storage/cache_set.h"

#include <gtest/gtest.h>

#include "apiserver/storage/keys.h"
#include "apiserver/storage/record.h"
#include "store/memory/memory_store.h"

namespace gantry::apiserver {
namespace {

const GroupResource kMaps{"", "configmaps"};
const GroupResource kSecrets{"", "secrets"};

std::string Record(const std::string& name) {
  const Json object = {{"metadata", {{"name", name}}}};
  return EncodeRecord(object, {});
}

std::string Key(const GroupResource& resource, const std::string& name) {
  return ResourcePrefix(resource) + "default/" + name;
}

// What happened before the part of history that a start replays is gone for watches, also of a
// resource that had no object at that time: a watcher must hear that, not nothing, of a deletion.
TEST(CacheSetTest, HistoryBeforeTheReplayIsExpiredForEmptyResourcesToo) {
  const auto store = store::NewMemoryStore();
  const store::Revision made = *store->Create(Key(kSecrets, "a"), Record("a"));
  ASSERT_TRUE(store->Delete(Key(kSecrets, "a"), 0).ok());
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(store->Create(Key(kMaps, std::to_string(i)), Record("m")).ok());
  }
  CacheSet::Options options;
  options.replay = 5;
  CacheSet caches(store.get(), nullptr, options);
  caches.Get(kSecrets);
  ASSERT_TRUE(caches.Start(Context()).ok());
  EXPECT_EQ(caches.Get(kSecrets)->AttachAfter(made).code(), Code::kExpired);
  EXPECT_FALSE(caches.Get(kSecrets)->At(made).has_value());
  // One that is asked for the first time afterwards, too.
  const GroupResource others{"", "others"};
  EXPECT_EQ(caches.Get(others)->AttachAfter(made).code(), Code::kExpired);
  const store::Revision newest = store->current_revision();
  for (const GroupResource& resource : {kMaps, kSecrets, others}) {
    EXPECT_TRUE(caches.Get(resource)->AttachAfter(newest).ok());
    EXPECT_TRUE(caches.Get(resource)->AttachAfter(newest - 5).ok());
  }
}

}  // namespace
}  // namespace gantry::apiserver
