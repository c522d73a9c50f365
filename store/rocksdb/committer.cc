#include "store/rocksdb/committer.h"

#include <rocksdb/write_batch.h>

#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "apis/machinery/base/log.h"
#include "apis/machinery/base/sync_point.h"
#include "store/precondition.h"
#include "store/rocksdb/keys.h"

namespace gantry::store {
namespace {

constexpr size_t kMaxBatchBytes = 8 << 20;
constexpr size_t kMaxBatchOps = 4096;

rocksdb::WriteOptions Durable() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

}  // namespace

// One write batch in the making: the preconditions are checked against the stored state with the
// batch's own earlier writes laid over it.
class Committer::Batch {
 public:
  // Events are collected when `with_events`.
  Batch(Engine* engine, Revision last, bool with_events)
      : engine_(engine), with_events_(with_events), last_(last) {}

  // Adds one write, or says why not. `op` must stay where it is until Take().
  Result<Revision> Add(const WriteOp& op) {
    GANTRY_TRY(CheckSizes(op));
    std::string version = EncodeKey(op.key);
    GANTRY_TRY_SET(State * state, Find(op.key, version));
    GANTRY_TRY(CheckPrecondition(op, state->revision));

    const Revision revision = last_ + 1;
    const bool put = op.kind != WriteOp::Kind::kDelete;
    const auto type = put ? Event::Type::kPut : Event::Type::kDelete;
    AppendInverted(&version, revision);
    const rocksdb::Slice key(version);
    const char mark = put ? kValueMark : kTombstoneMark;
    const rocksdb::Slice value[] = {{&mark, 1}, put ? rocksdb::Slice(op.value) : rocksdb::Slice()};
    rocksdb::Status s =
        batch_.Put(engine_->data(), rocksdb::SliceParts(&key, 1), rocksdb::SliceParts(value, 2));
    if (s.ok()) {
      s = batch_.Put(engine_->log(), EncodeRevision(revision),
                     EncodeLog(type, state->revision, op.key));
    }
    if (!s.ok()) return EngineError("write", s);

    if (with_events_) {
      events_.push_back(
          {type, revision, op.key, put ? op.value : std::string(state->Value()), state->revision});
    }
    last_ = revision;
    state->revision = put ? revision : 0;
    state->pending = &op;
    return revision;
  }

  bool full() const {
    return batch_.GetDataSize() >= kMaxBatchBytes || batch_.Count() >= 2 * kMaxBatchOps;
  }
  bool empty() const { return batch_.Count() == 0; }
  Revision last() const { return last_; }
  rocksdb::WriteBatch* batch() { return &batch_; }
  EventBatch TakeEvents() { return {std::move(events_), last_}; }

 private:
  struct State {
    Revision revision = 0;             // 0: not live
    std::string stored;                // the stored value, when events are collected
    const WriteOp* pending = nullptr;  // the batch's last write of this key
    std::string_view Value() const { return pending != nullptr ? pending->value : stored; }
  };

  Result<State*> Find(std::string_view key, const std::string& encoded_key) {
    auto [it, added] = states_.try_emplace(key);
    State* const state = &it->second;
    if (!added) return state;
    if (!iterator_) {
      iterator_.reset(engine_->db()->NewIterator(Engine::OneKey(), engine_->data()));
    }
    std::string newest = encoded_key;
    AppendInverted(&newest, std::numeric_limits<Revision>::max());
    iterator_->Seek(newest);
    if (iterator_->Valid() && iterator_->key().starts_with(encoded_key)) {
      const rocksdb::Slice value = iterator_->value();
      if (!value.empty() && value[0] == kValueMark) {
        state->revision = VersionRevision(iterator_->key().ToStringView());
        if (with_events_) state->stored.assign(value.data() + 1, value.size() - 1);
      }
    }
    if (!iterator_->status().ok()) {
      Error error = EngineError("read the newest version", iterator_->status());
      states_.erase(it);
      return error;
    }
    return state;
  }

  Engine* const engine_;
  const bool with_events_;
  Revision last_;
  rocksdb::WriteBatch batch_;
  std::vector<Event> events_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
  std::unordered_map<std::string_view, State> states_;  // keys point into the group's ops
};

Committer::Committer(EngineSlot* slot, Window* window, WatchHub* hub,
                     std::chrono::milliseconds recovery_interval)
    : recovery_interval_(recovery_interval),
      slot_(slot),
      window_(window),
      hub_(hub),
      thread_([this] { Run(); }) {}

Committer::~Committer() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    wake_.Signal();
  }
  thread_.join();
}

void Committer::Write(WriteOp op, Done done) {
  MutexLock lock(&mu_);
  queue_.push_back({std::move(op), std::move(done)});
  if (queue_.size() == 1) wake_.Signal();
}

void Committer::Fail(const EngineFault& fault) {
  MutexLock lock(&mu_);
  ++faults_;
  // The first error stays, unless it could end and this one cannot.
  if (error_ && (fault.disk_full || !next_try_)) return;
  const std::string until =
      fault.disk_full ? "until its disk has space again" : "until it is opened again";
  LOG_ERROR("store stopped taking writes", {"until", until}, {"error", fault.error});
  error_ =
      Error(Code::kUnavailable, "the store takes no writes " + until + ": " + fault.error.message);
  next_try_.reset();
  if (fault.disk_full) next_try_ = Clock::Real()->Mono() + recovery_interval_;
  wake_.Signal();
  failed_ = true;
}

size_t Committer::queued() const {
  MutexLock lock(&mu_);
  return queue_.size();
}

Status Committer::Health() const {
  MutexLock lock(&mu_);
  if (error_) return *error_;
  return OkStatus();
}

bool Committer::NextGroup(std::vector<Pending>* group) {
  MutexLock lock(&mu_);
  while (queue_.empty() && !stopping_) {
    if (!next_try_) {
      wake_.Wait(&mu_);
    } else if (Clock::Real()->Mono() >= *next_try_ || !wake_.WaitUntil(&mu_, *next_try_)) {
      return true;
    }
  }
  group->swap(queue_);
  return !group->empty();
}

void Committer::Run() {
  std::vector<Pending> group;
  while (NextGroup(&group)) {
    Commit(&group);
    group.clear();
    TryToRecover();
  }
}

void Committer::TryToRecover() {
  {
    MutexLock lock(&mu_);
    if (!next_try_ || Clock::Real()->Mono() < *next_try_) return;
    next_try_ = Clock::Real()->Mono() + recovery_interval_;
  }
  uint64_t old_faults = 0;
  const Status opened = slot_->Reopen(window_->visible.load(), [this, &old_faults] {
    MutexLock lock(&mu_);
    old_faults = faults_;
  });
  MutexLock lock(&mu_);
  if (!opened.ok() || faults_ != old_faults) return;
  LOG_INFO("store takes writes again");
  next_try_.reset();
  error_.reset();
  failed_ = false;
}

void Committer::Commit(std::vector<Pending>* group) {
  for (size_t begin = 0; begin < group->size();) {
    const Result<size_t> written = CommitBatch(group, begin);
    const size_t end = written.ok() ? *written : group->size();
    // Refusals wait for the write too: they may stand on what it made.
    for (; begin < end; ++begin) {
      Pending& pending = (*group)[begin];
      pending.done(written.ok() ? std::move(pending.outcome) : Result<Revision>(written.error()));
    }
  }
}

Result<size_t> Committer::CommitBatch(std::vector<Pending>* group, size_t begin) {
  if (failed_) return Health().error();
  GANTRY_TRY_SET(const auto engine, slot_->Get());
  Batch batch(engine.get(), window_->visible.load(), hub_->wanted());
  while (begin < group->size() && !batch.full()) {
    Pending& pending = (*group)[begin++];
    pending.outcome = batch.Add(pending.op);
  }
  if (batch.empty()) return begin;
  GANTRY_SYNC_POINT("store.commit.before_write");
  if (auto s = engine->db()->Write(Durable(), batch.batch()); !s.ok()) {
    Fail(EngineFault("write", s));
    return Health().error();
  }
  GANTRY_SYNC_POINT("store.commit.before_visible");
  window_->visible.store(batch.last());
  GANTRY_SYNC_POINT("store.commit.before_publish");
  hub_->Publish(batch.TakeEvents());
  GANTRY_SYNC_POINT("store.commit.before_ack");
  return begin;
}

}  // namespace gantry::store
