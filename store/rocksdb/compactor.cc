#include "store/rocksdb/compactor.h"

#include <rocksdb/write_batch.h>

#include "apis/machinery/base/sync_point.h"
#include "store/rocksdb/keys.h"

namespace gantry::store {
namespace {

// Small enough that a commit behind it does not wait long.
constexpr int kEntriesPerStep = 1024;

}  // namespace

Status RemoveHistory(Engine* engine, Revision horizon) {
  rocksdb::ReadOptions read = Engine::ManyKeys();
  const std::string end = EncodeRevision(horizon + 1);
  const rocksdb::Slice upper(end);
  read.iterate_upper_bound = &upper;
  read.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> it(engine->db()->NewIterator(read, engine->log()));
  it->SeekToFirst();
  while (it->Valid()) {
    rocksdb::WriteBatch step;
    rocksdb::Status s;
    Revision last = 0;
    for (int n = 0; n < kEntriesPerStep && it->Valid() && s.ok(); ++n, it->Next()) {
      last = DecodeRevision(it->key().ToStringView());
      const auto entry = DecodeLog(it->value().ToStringView());
      if (!entry) {
        return Error(Code::kDataLoss, "compact: revision " + std::to_string(last) +
                                          ": a log record that does not decode");
      }
      // Oldest first: when a deletion goes, whatever it hid is gone or goes with it.
      if (entry->previous != 0) {
        s = step.Delete(engine->data(), EncodeVersion(entry->key, entry->previous));
      }
      if (s.ok() && entry->type == Event::Type::kDelete) {
        s = step.Delete(engine->data(), EncodeVersion(entry->key, last));
      }
    }
    if (s.ok()) s = step.DeleteRange(engine->log(), EncodeRevision(0), EncodeRevision(last + 1));
    GANTRY_SYNC_POINT("store.compact.step");
    if (s.ok()) s = engine->db()->Write(rocksdb::WriteOptions(), &step);
    if (!s.ok()) return EngineError("compact", s);
  }
  if (!it->status().ok()) return EngineError("compact", it->status());
  return OkStatus();
}

}  // namespace gantry::store
