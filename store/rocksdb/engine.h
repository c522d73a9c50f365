#pragma once

#include <rocksdb/db.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/store.h"

// An opened RocksDB with Gantry's column families and settings; what the store, the offline tools
// and restore have in common. The only place that names RocksDB's options.
namespace gantry::store {

// A failure after which nothing may be acknowledged.
struct EngineFault {
  EngineFault(std::string_view context, const rocksdb::Status& s);
  Error error;
  bool disk_full;  // EngineSlot::Reopen can end it
};

struct EngineOptions {
  rocksdb::Env* env = nullptr;  // null: the machine's; else outlives the engine
  bool read_only = false;       // opens beside nobody: the directory must not be in use
  size_t write_buffer_bytes = 16 << 20;
  // A write, flush or compaction failed. Called on RocksDB's threads; must be quick.
  std::function<void(const EngineFault&)> on_background_error;
};

// Thread-safe.
class Engine {
 public:
  // Makes the directory when it is absent, unless read_only. kUnavailable when another process
  // holds it or the disk fails, kDataLoss when its contents are damaged or of an unknown format.
  static Result<std::unique_ptr<Engine>> Open(const std::string& dir, EngineOptions options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  rocksdb::DB* db() { return db_.get(); }
  rocksdb::ColumnFamilyHandle* meta() { return families_[0]; }
  rocksdb::ColumnFamilyHandle* data() { return families_[1]; }
  rocksdb::ColumnFamilyHandle* log() { return families_[2]; }

  // How to look up the versions of one key: the iterator ends with the key.
  static rocksdb::ReadOptions OneKey();
  // How to walk over many keys.
  static rocksdb::ReadOptions ManyKeys();

  // Puts what is only in memory and in logs into synced files.
  Status Flush();
  // Writes all files anew, without what was deleted.
  Status Rewrite();
  // Removes all that was written after revision `last`, durably.
  Status RemoveAfter(Revision last);

  // The compaction horizon, 0 when there is none yet.
  Result<Revision> ReadHorizon();
  // Durable when it returns.
  Status WriteHorizon(Revision horizon);
  // The highest revision that the store ever made visible.
  Result<Revision> ReadLastRevision();

 private:
  Engine() = default;

  std::shared_ptr<rocksdb::EventListener> listener_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;  // meta, data, log
};

// Makes the names in `dir` durable. A null `env` is the machine's.
Status SyncDirectory(rocksdb::Env* env, const std::string& dir);
// What `path` is a name in.
std::string ParentOf(const std::string& path);

// `context: text of s`, kDataLoss for corruption, else kUnavailable.
Error EngineError(std::string_view context, const rocksdb::Status& s);

}  // namespace gantry::store
