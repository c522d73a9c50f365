#include "store/encrypted/encrypted_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apis/machinery/base/log.h"

namespace gantry::store {
namespace {

constexpr size_t kPage = 1000;
constexpr size_t kAtOnce = 128;  // writes that share the disk's syncs

// Counts down.
class Latch {
 public:
  explicit Latch(size_t count) : left_(count) {}
  void Done(Status status) {
    MutexLock lock(&mu_);
    if (!status.ok() && first_.ok()) first_ = std::move(status);
    if (--left_ == 0) zero_.Signal();
  }
  // The first failure.
  Status Wait() {
    MutexLock lock(&mu_);
    while (left_ > 0) zero_.Wait(&mu_);
    return first_;
  }

 private:
  Mutex mu_;
  CondVar zero_;
  size_t left_ GUARDED_BY(mu_);
  Status first_ GUARDED_BY(mu_);
};

bool AnySealed(const std::vector<Event>& batch) {
  return std::any_of(batch.begin(), batch.end(),
                     [](const Event& e) { return HasSealHeader(e.value); });
}

}  // namespace

EncryptedStore::EncryptedStore(std::unique_ptr<Store> inner, Keyring keyring, Random* random)
    : keyring_(std::move(keyring)), random_(random), inner_(std::move(inner)) {}

Result<std::unique_ptr<EncryptedStore>> EncryptedStore::Open(std::unique_ptr<Store> inner,
                                                             Keyring keyring, Random* random) {
  std::unique_ptr<EncryptedStore> store(
      new EncryptedStore(std::move(inner), std::move(keyring), random));
  GANTRY_TRY(store->Survey());
  return store;
}

Status EncryptedStore::Survey() {
  std::map<std::string, Stale> missing;  // by fingerprint
  std::map<std::string, bool> tried;     // likewise: its key opened a value
  std::map<std::string, SealedBy> stale;
  for (const std::string& prefix : keyring_.Prefixes()) {
    ListOptions page;
    page.limit = kPage;
    while (true) {
      GANTRY_TRY_SET(const ListResult list, inner_->List(prefix, page));
      for (const Record& record : list.records) {
        std::optional<SealedBy> by;
        const bool is_stale = keyring_.IsStale(record.key, record.value, &by);
        const SealingKey* const key = by ? keyring_.Find(by->fingerprint) : nullptr;
        if (by && key == nullptr) {
          Stale& counted = missing[by->fingerprint];
          counted.by = *by;
          ++counted.values;
          continue;
        }
        // By its present name.
        if (is_stale) stale[record.key] = by ? key->id() : SealedBy{};
        if (by && !std::exchange(tried[by->fingerprint], true)) {
          GANTRY_TRY(keyring_.Open(record.key, record.value));
        }
      }
      if (!list.more) break;
      page.start = list.records.back().key + '\0';
    }
  }
  if (!missing.empty()) {
    const Stale& first = missing.begin()->second;
    return keyring_.Missing(first.by, fmt::format("{} stored value{}", first.values,
                                                  first.values == 1 ? " is" : "s are"));
  }
  MutexLock lock(&mu_);
  stale_ = std::move(stale);
  stale_count_ = stale_.size();
  return OkStatus();
}

void EncryptedStore::Write(WriteOp op, std::function<void(Result<Revision>)> done) {
  if (op.kind != WriteOp::Kind::kDelete) {
    const size_t size = op.value.size();
    // One that is too large is refused below, by its own size.
    if (size <= kMaxValueBytes) {
      Result<std::string> sealed = keyring_.Seal(op.key, std::move(op.value), random_);
      if (!sealed.ok()) return done(std::move(sealed).error());
      op.value = *std::move(sealed);
      op.overhead += op.value.size() - size;
    }
  }
  if (stale_count_.load() == 0) return inner_->Write(std::move(op), std::move(done));
  std::string key = op.key;
  inner_->Write(std::move(op),
                [this, key = std::move(key), done = std::move(done)](Result<Revision> written) {
                  if (written.ok()) NoLongerStale(key);
                  done(std::move(written));
                });
}

void EncryptedStore::NoteIfStale(const Record& record) {
  std::optional<SealedBy> by;
  if (!keyring_.IsStale(record.key, record.value, &by)) return;
  const SealingKey* const key = by ? keyring_.Find(by->fingerprint) : nullptr;
  if (key == nullptr) return;
  MutexLock lock(&mu_);
  stale_[record.key] = key->id();
  stale_count_ = stale_.size();
}

void EncryptedStore::NoLongerStale(const std::string& key) {
  MutexLock lock(&mu_);
  stale_.erase(key);
  stale_count_ = stale_.size();
}

Result<GetResult> EncryptedStore::Get(std::string_view key, Revision at) {
  GANTRY_TRY_SET(GetResult result, inner_->Get(key, at));
  if (result.record) {
    GANTRY_TRY_SET(result.record->value, keyring_.Open(key, std::move(result.record->value)));
  }
  return result;
}

Result<ListResult> EncryptedStore::List(std::string_view prefix, const ListOptions& options) {
  GANTRY_TRY_SET(ListResult result, inner_->List(prefix, options));
  for (Record& record : result.records) {
    if (HasSealHeader(record.value)) NoteIfStale(record);
    GANTRY_TRY_SET(record.value, keyring_.Open(record.key, std::move(record.value)));
  }
  return result;
}

Result<std::unique_ptr<WatchHandle>> EncryptedStore::Watch(std::string_view prefix, Revision after,
                                                           EventSink sink) {
  return inner_->Watch(prefix, after,
                       [this, sink = std::move(sink)](const std::vector<Event>& batch) {
                         if (!AnySealed(batch)) return sink(batch);
                         std::vector<Event> opened;
                         opened.reserve(batch.size());
                         for (const Event& event : batch) {
                           opened.push_back(event);
                           Result<std::string> value = keyring_.Open(event.key, event.value);
                           if (value.ok()) {
                             opened.back().value = *std::move(value);
                             continue;
                           }
                           // What cannot be read ends the watch.
                           LOG_ERROR("a watch of the store ends", {"error", value.error()});
                           opened.back() = Event{Event::Type::kLost, event.revision - 1, "", "", 0};
                           sink(opened);
                           return false;
                         }
                         return sink(opened);
                       });
}

std::vector<EncryptedStore::Stale> EncryptedStore::stale() const {
  std::map<std::string, Stale> by_key;
  MutexLock lock(&mu_);
  for (const auto& [key, by] : stale_) {
    Stale& counted = by_key[by.fingerprint];
    counted.by = by;
    ++counted.values;
  }
  std::vector<Stale> out;
  for (auto& [fingerprint, counted] : by_key) out.push_back(std::move(counted));
  return out;
}

Status EncryptedStore::Reseal(const Context& ctx) {
  std::string last;
  while (true) {
    GANTRY_TRY(ctx.Check());
    std::vector<std::string> keys;
    {
      MutexLock lock(&mu_);
      for (auto it = stale_.upper_bound(last); it != stale_.end() && keys.size() < kAtOnce; ++it) {
        keys.push_back(it->first);
      }
    }
    if (keys.empty()) return OkStatus();
    last = keys.back();
    GANTRY_TRY(ResealSome(keys));
  }
}

Status EncryptedStore::ResealSome(const std::vector<std::string>& keys) {
  Latch latch(keys.size());
  for (const std::string& key : keys) {
    Result<GetResult> read = Get(key, 0);
    if (!read.ok()) {
      latch.Done(std::move(read).error());
      continue;
    }
    if (!read->record) {
      NoLongerStale(key);
      latch.Done(OkStatus());
      continue;
    }
    Record& record = *read->record;
    Write({WriteOp::Kind::kUpdate, key, std::move(record.value), record.mod_revision},
          [&latch](const Result<Revision>& written) {
            // Somebody else wrote it meanwhile, and so sealed it.
            const bool fine = written.ok() || written.code() == Code::kConflict ||
                              written.code() == Code::kNotFound;
            latch.Done(fine ? OkStatus() : Status(written.error()));
          });
  }
  return latch.Wait();
}

}  // namespace gantry::store
