#pragma once

#include <map>
#include <vector>

#include "apis/machinery/base/mutex.h"
#include "controllers/runtime/store.h"

namespace gantry::runtime {

// What a controller wrote and its cache may not show yet. Laid over the cache, it keeps a reconcile
// that follows a write at once from doing the same again: create a second container, delete another
// one. An entry goes as soon as the cache has reached its revision. Thread-safe.
class OwnWrites {
 public:
  // `lister` outlives this.
  explicit OwnWrites(const Lister* lister) : lister_(lister) {}

  // Remembers the server's answer to a create, update or patch of an object that belongs to
  // `owner`.
  void Wrote(const ObjectKey& owner, Object answer);
  // Remembers that `object` was deleted; `answer` is what the server said: the object as it stands
  // with a deletionTimestamp when finalizers keep it, else anything.
  void Deleted(const ObjectKey& owner, const Object& object, const Object& answer);
  // Drops what is known of `owner`, when it is gone.
  void Forget(const ObjectKey& owner);

  // `cached` as it will be when the cache has caught up with the own writes for `owner`.
  std::vector<ObjectPtr> Overlay(const ObjectKey& owner, std::vector<ObjectPtr> cached);

 private:
  struct Entry {
    ObjectPtr object;  // null: deleted
    std::string uid;
    int64_t revision = 0;  // of a deletion: the last revision that existed
  };
  // The cache shows the write, or something newer.
  bool Seen(const ObjectKey& key, const Entry& entry, int64_t cache_revision) const;

  const Lister* const lister_;
  Mutex mu_;
  std::map<ObjectKey, std::map<ObjectKey, Entry>> by_owner_ GUARDED_BY(mu_);
};

}  // namespace gantry::runtime
