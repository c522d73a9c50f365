#include "store/rocksdb/reader.h"

#include <algorithm>
#include <utility>

#include "store/precondition.h"
#include "store/rocksdb/keys.h"

namespace gantry::store {
namespace {

// Versions of one key to step over before it is cheaper to seek.
constexpr int kStepsBeforeSeek = 8;

// Takes the snapshot of the present state and gives it back.
class SnapshotHolder {
 public:
  explicit SnapshotHolder(rocksdb::DB* db) : db_(db), snapshot_(db->GetSnapshot()) {}
  ~SnapshotHolder() { db_->ReleaseSnapshot(snapshot_); }
  SnapshotHolder(const SnapshotHolder&) = delete;
  SnapshotHolder& operator=(const SnapshotHolder&) = delete;
  const rocksdb::Snapshot* get() const { return snapshot_; }

 private:
  rocksdb::DB* const db_;
  const rocksdb::Snapshot* const snapshot_;
};

Error Damaged(std::string_view what, Revision revision) {
  return Error(Code::kDataLoss, "revision " + std::to_string(revision) + ": " + std::string(what));
}

}  // namespace

Result<std::unique_ptr<rocksdb::Iterator>> Reader::Open(Engine* engine,
                                                        const rocksdb::ReadOptions& read,
                                                        Revision* at) const {
  const bool newest = *at == 0;
  while (true) {
    const Revision visible = window_->visible.load();
    if (newest) *at = visible;
    std::unique_ptr<rocksdb::Iterator> it(engine->db()->NewIterator(read, engine->data()));
    // The compactor raises the horizon before it deletes. So if the horizon is not above `at` now,
    // the iterator's snapshot still has everything.
    Status readable = CheckReadable(*at, window_->horizon.load(), visible);
    if (readable.ok()) return it;
    if (!newest) return readable.error();
  }
}

Result<GetResult> Reader::Get(std::string_view key, Revision at) const {
  GANTRY_TRY_SET(const auto engine, slot_->Get());
  GANTRY_TRY_SET(auto it, Open(engine.get(), Engine::OneKey(), &at));
  GetResult result;
  result.revision = at;
  std::string encoded = EncodeKey(key);
  const size_t key_size = encoded.size();
  AppendInverted(&encoded, at);
  it->Seek(encoded);
  if (it->Valid() && it->key().size() == encoded.size() &&
      it->key().ToStringView().substr(0, key_size) ==
          std::string_view(encoded).substr(0, key_size)) {
    const std::string_view value = it->value().ToStringView();
    const Revision revision = VersionRevision(it->key().ToStringView());
    if (value.empty()) return Damaged("an empty data record", revision);
    if (value[0] == kValueMark) {
      result.record = Record{std::string(key), std::string(value.substr(1)), revision};
    }
  }
  if (!it->status().ok()) return EngineError("get", it->status());
  return result;
}

Result<ListResult> Reader::List(std::string_view prefix, const ListOptions& options) const {
  auto [first, end] = PrefixRange(prefix);
  rocksdb::ReadOptions read = Engine::ManyKeys();
  const rocksdb::Slice upper(end);
  if (!end.empty()) read.iterate_upper_bound = &upper;
  read.fill_cache = options.limit != 0;
  ListResult result;
  result.revision = options.at;
  GANTRY_TRY_SET(const auto engine, slot_->Get());
  GANTRY_TRY_SET(auto it, Open(engine.get(), read, &result.revision));

  if (options.start > prefix) first = PrefixRange(options.start).first;
  std::string done_key;  // the escaped key whose version was taken or passed over
  int steps = 0;
  for (it->Seek(first); it->Valid();) {
    const std::string_view version = it->key().ToStringView();
    if (version.size() <= kRevisionBytes) return Damaged("a short data key", 0);
    const std::string_view key_part = VersionKeyPart(version);
    const Revision revision = VersionRevision(version);
    const bool passed = key_part == done_key;
    if (passed || revision > result.revision) {
      if (++steps < kStepsBeforeSeek) {
        it->Next();
        continue;
      }
      steps = 0;
      std::string target(key_part);
      AppendInverted(&target, passed ? 0 : result.revision);
      // Revision 0 is never written, so the first seek leads behind the key's last version.
      it->Seek(target);
      continue;
    }
    steps = 0;
    done_key = key_part;
    const std::string_view value = it->value().ToStringView();
    if (value.empty()) return Damaged("an empty data record", revision);
    if (value[0] == kValueMark) {
      if (options.limit != 0 && result.records.size() == options.limit) {
        result.more = true;
        break;
      }
      auto decoded = DecodeVersion(version);
      if (!decoded) return Damaged("a data key that does not decode", revision);
      result.records.push_back({std::move(decoded->key), std::string(value.substr(1)), revision});
    }
    it->Next();
  }
  if (!it->status().ok()) return EngineError("list", it->status());
  return result;
}

Result<EventBatch> Reader::ReadEvents(Revision after) {
  const Revision visible = window_->visible.load();
  GANTRY_TRY_SET(const auto engine, slot_->Get());
  SnapshotHolder snapshot(engine->db());
  GANTRY_TRY(CheckReadable(after, window_->horizon.load(), visible));
  rocksdb::ReadOptions read = Engine::ManyKeys();
  read.snapshot = snapshot.get();
  rocksdb::ReadOptions read_version;
  read_version.snapshot = snapshot.get();

  EventBatch batch;
  batch.last = after;
  size_t bytes = 0;
  std::unique_ptr<rocksdb::Iterator> it(engine->db()->NewIterator(read, engine->log()));
  rocksdb::PinnableSlice stored;
  for (it->Seek(EncodeRevision(after + 1)); it->Valid() && bytes < EventHistory::kPageBytes;
       it->Next()) {
    const Revision revision = DecodeRevision(it->key().ToStringView());
    if (revision > visible) break;
    const auto entry = DecodeLog(it->value().ToStringView());
    if (!entry) return Damaged("a log record that does not decode", revision);
    const Revision of = entry->type == Event::Type::kPut ? revision : entry->previous;
    stored.Reset();
    rocksdb::Status s =
        engine->db()->Get(read_version, engine->data(), EncodeVersion(entry->key, of), &stored);
    if (!s.ok() || stored.empty()) return Damaged("its value is missing", revision);
    Event event{entry->type, revision, std::string(entry->key), {}, entry->previous};
    event.value.assign(stored.data() + 1, stored.size() - 1);
    bytes += sizeof(Event) + event.key.size() + event.value.size();
    batch.events.push_back(std::move(event));
    batch.last = revision;
  }
  if (!it->status().ok()) return EngineError("read the log", it->status());
  if (!it->Valid() && batch.last < visible) batch.last = visible;  // a gap that a restore left
  return batch;
}

}  // namespace gantry::store
