#include "apiserver/registry/delete_many.h"

#include <atomic>
#include <optional>

#include "apiserver/storage/keys.h"

namespace gantry::apiserver {
namespace {

constexpr size_t kLanes = 128;

// What the lanes of one call share.
struct Work {
  Registry* registry;
  const WriteScope& scope;
  const DeleteOptions& options;
  std::vector<EntryPtr> entries;  // each becomes its last state, or null when it was gone
  std::atomic<size_t> next{0};
  std::atomic<size_t> lanes{0};  // that are still running
  Mutex mu;
  std::optional<Error> error GUARDED_BY(mu);

  bool Failed() {
    MutexLock lock(&mu);
    return error.has_value();
  }
  void Fail(const Error& why) {
    MutexLock lock(&mu);
    if (!error) error = why;
  }
};

// Deletes one entry after the other, until none is left.
Task<bool> Lane(Work* work) {
  std::vector<std::string> warnings;
  WriteScope scope = work->scope;
  scope.warnings = &warnings;
  for (size_t i; (i = work->next.fetch_add(1)) < work->entries.size();) {
    const ObjectKey key = ParseRelativeKey(work->entries[i]->key());
    scope.ns = key.ns;
    scope.name = key.name;
    Result<Deleted> deleted = co_await work->registry->Delete(scope, work->options);
    work->entries[i] = deleted.ok() ? std::move(deleted->entry) : nullptr;
    if (!deleted.ok() && deleted.code() != Code::kNotFound) work->Fail(deleted.error());
    if (work->Failed()) break;
  }
  co_return true;
}

Task<bool> RunLanes(Work* work) {
  Callback<bool> all([work](std::function<void(bool)> done) {
    const size_t count = std::min(kLanes, work->entries.size());
    work->lanes = count;
    for (size_t i = 0; i < count; ++i) {
      Start(Lane(work), [work, done](bool) {
        if (work->lanes.fetch_sub(1) == 1) done(true);
      });
    }
  });
  co_return co_await all;
}

}  // namespace

Task<Result<std::vector<EntryPtr>>> DeleteMany(Registry* registry, const WriteScope& scope,
                                               const DeleteOptions& options,
                                               std::vector<EntryPtr> entries) {
  Work work{registry, scope, options, std::move(entries), {}, {}, {}, {}};
  if (!work.entries.empty()) co_await RunLanes(&work);
  {
    MutexLock lock(&work.mu);
    if (work.error) co_return *work.error;
  }
  work.entries.erase(std::remove(work.entries.begin(), work.entries.end(), nullptr),
                     work.entries.end());
  co_return std::move(work.entries);
}

}  // namespace gantry::apiserver
