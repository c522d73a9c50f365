#include "store/memory/memory_store.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/mutex.h"
#include "apis/machinery/base/thread_pool.h"
#include "store/precondition.h"
#include "store/watch_hub.h"

namespace gantry::store {
namespace {

struct Version {
  Revision revision;
  bool live;
  std::string value;
};
using Versions = std::vector<Version>;  // of one key, oldest first

struct LogEntry {
  Revision revision;
  Event::Type type;
  std::string key;
  Revision previous;
};

// The version that a reader at `at` sees, or null.
const Version* VersionAt(const Versions& versions, Revision at) {
  auto it = std::upper_bound(versions.begin(), versions.end(), at,
                             [](Revision r, const Version& v) { return r < v.revision; });
  if (it == versions.begin()) return nullptr;
  --it;
  return it->live ? &*it : nullptr;
}

class MemoryStore : public Store, public EventHistory {
 public:
  MemoryStore() : hub_(this, Clock::Real()), committer_(1) {}

  void Write(WriteOp op, std::function<void(Result<Revision>)> done) override {
    committer_.Post([this, op = std::move(op), done = std::move(done)]() mutable {
      done(Commit(std::move(op)));
    });
  }

  Result<GetResult> Get(std::string_view key, Revision at) override {
    MutexLock lock(&mu_);
    if (at == 0) at = current_;
    GANTRY_TRY(CheckReadable(at, horizon_, current_));
    GetResult result;
    result.revision = at;
    if (auto it = data_.find(key); it != data_.end()) {
      if (const Version* v = VersionAt(it->second, at)) {
        result.record = Record{it->first, v->value, v->revision};
      }
    }
    return result;
  }

  Result<ListResult> List(std::string_view prefix, const ListOptions& options) override {
    MutexLock lock(&mu_);
    ListResult result;
    result.revision = options.at == 0 ? current_ : options.at;
    GANTRY_TRY(CheckReadable(result.revision, horizon_, current_));
    for (auto it = data_.lower_bound(std::max(prefix, std::string_view(options.start)));
         it != data_.end() && std::string_view(it->first).starts_with(prefix); ++it) {
      const Version* v = VersionAt(it->second, result.revision);
      if (v == nullptr) continue;
      if (options.limit != 0 && result.records.size() == options.limit) {
        result.more = true;
        break;
      }
      result.records.push_back({it->first, v->value, v->revision});
    }
    return result;
  }

  Result<std::unique_ptr<WatchHandle>> Watch(std::string_view prefix, Revision after,
                                             EventSink sink) override {
    Revision visible;
    {
      MutexLock lock(&mu_);
      GANTRY_TRY(CheckReadable(after, horizon_, current_));
      visible = current_;
    }
    return hub_.Watch(prefix, after, visible, std::move(sink));
  }

  Status Compact(Revision horizon) override {
    MutexLock lock(&mu_);
    if (horizon > current_) {
      return Error(Code::kInvalid, "cannot compact up to a revision in the future");
    }
    if (horizon <= horizon_) return OkStatus();
    horizon_ = horizon;
    for (; !log_.empty() && log_.front().revision <= horizon; log_.pop_front()) {
      auto it = data_.find(log_.front().key);
      if (it == data_.end()) continue;
      Versions& versions = it->second;
      // The newest version at the horizon stays, unless it is a deletion.
      auto keep = std::upper_bound(versions.begin(), versions.end(), horizon,
                                   [](Revision r, const Version& v) { return r < v.revision; });
      if (keep != versions.begin() && std::prev(keep)->live) --keep;
      versions.erase(versions.begin(), keep);
      if (versions.empty()) data_.erase(it);
    }
    return OkStatus();
  }

  Status Backup(const std::string& path) override {
    return Error(Code::kMethodNotAllowed, "a store in memory has no backup");
  }

  Revision current_revision() const override {
    MutexLock lock(&mu_);
    return current_;
  }
  Revision horizon() const override {
    MutexLock lock(&mu_);
    return horizon_;
  }
  Status Health() const override { return OkStatus(); }

  Result<EventBatch> ReadEvents(Revision after) override {
    MutexLock lock(&mu_);
    GANTRY_TRY(CheckReadable(after, horizon_, current_));
    EventBatch batch;
    batch.last = after;
    size_t bytes = 0;
    auto it = std::upper_bound(log_.begin(), log_.end(), after,
                               [](Revision r, const LogEntry& e) { return r < e.revision; });
    for (; it != log_.end() && bytes < kPageBytes; ++it) {
      const Versions& versions = data_.find(it->key)->second;
      const bool put = it->type == Event::Type::kPut;
      const Version* v = VersionAt(versions, put ? it->revision : it->previous);
      batch.events.push_back({it->type, it->revision, it->key, v->value, it->previous});
      batch.last = it->revision;
      bytes += sizeof(Event) + it->key.size() + v->value.size();
    }
    return batch;
  }

 private:
  Result<Revision> Commit(WriteOp op) {
    GANTRY_TRY(CheckSizes(op));
    EventBatch batch;
    {
      MutexLock lock(&mu_);
      auto it = data_.find(op.key);
      const Version* last = it == data_.end() ? nullptr : &it->second.back();
      const Revision live = last != nullptr && last->live ? last->revision : 0;
      GANTRY_TRY(CheckPrecondition(op, live));
      batch.last = ++current_;
      const bool put = op.kind != WriteOp::Kind::kDelete;
      const auto type = put ? Event::Type::kPut : Event::Type::kDelete;
      log_.push_back({current_, type, op.key, live});
      if (hub_.wanted()) {
        batch.events.push_back({type, current_, op.key, put ? op.value : last->value, live});
      }
      data_[std::move(op.key)].push_back({current_, put, std::move(op.value)});
    }
    const Revision revision = batch.last;
    hub_.Publish(std::move(batch));
    return revision;
  }

  mutable Mutex mu_;
  Revision current_ GUARDED_BY(mu_) = 0;
  Revision horizon_ GUARDED_BY(mu_) = 0;
  std::map<std::string, Versions, std::less<>> data_ GUARDED_BY(mu_);  // no empty Versions
  std::deque<LogEntry> log_ GUARDED_BY(mu_);                           // revisions after horizon_

  // Provide their own synchronization. The committer goes first: it uses the rest.
  WatchHub hub_;
  ThreadPool committer_;
};

}  // namespace

std::unique_ptr<Store> NewMemoryStore() { return std::make_unique<MemoryStore>(); }

}  // namespace gantry::store
