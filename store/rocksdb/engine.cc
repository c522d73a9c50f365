#include "store/rocksdb/engine.h"

#include <rocksdb/cache.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <cstdarg>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "apis/machinery/base/log.h"
#include "store/rocksdb/keys.h"

namespace gantry::store {
namespace {

constexpr char kFormatKey[] = "format";
constexpr char kHorizonKey[] = "horizon";
constexpr char kFormat[] = "1";

// All versions of a key share a prefix, so that the filters answer "no version at all".
class KeyPrefix : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "gantry.KeyPrefix"; }
  rocksdb::Slice Transform(const rocksdb::Slice& version) const override {
    return {version.data(), version.size() - kRevisionBytes};
  }
  bool InDomain(const rocksdb::Slice& version) const override {
    return version.size() > kRevisionBytes;
  }
};

// RocksDB's warnings and errors go to our log; it keeps no log files of its own.
class EngineLogger : public rocksdb::Logger {
 public:
  EngineLogger() : rocksdb::Logger(rocksdb::InfoLogLevel::ERROR_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list args) override {
    char line[512];
    std::vsnprintf(line, sizeof(line), format, args);
    LOG_WARN("store engine", {"message", std::string_view(line)});
  }
};

class ErrorListener : public rocksdb::EventListener {
 public:
  explicit ErrorListener(std::function<void(const EngineFault&)> fn) : fn_(std::move(fn)) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* s) override {
    fn_(EngineFault("store engine", *s));
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;  // the committer has the store opened again
  }

 private:
  const std::function<void(const EngineFault&)> fn_;
};

// Small: an idle control plane should be cheap, and the API server has its own cache.
rocksdb::DBOptions MakeDbOptions(const EngineOptions& options) {
  rocksdb::DBOptions db;
  if (options.env != nullptr) db.env = options.env;
  db.create_if_missing = !options.read_only;
  db.create_missing_column_families = true;
  db.info_log = std::make_shared<EngineLogger>();
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.max_open_files = 256;
  db.max_file_opening_threads = 1;
  db.skip_stats_update_on_db_open = true;
  db.max_background_jobs = 2;
  // Bounds what an opening store must replay. The replayed part stays in memory tables; see
  // SyncLogs for why that is safe.
  db.max_total_wal_size = 32 << 20;
  db.avoid_flush_during_recovery = true;
  // The unsynced end of the newest log may be torn in any way; nothing in it was acknowledged.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.allow_concurrent_memtable_write = false;  // there is one committer
  db.enable_write_thread_adaptive_yield = false;
  db.bytes_per_sync = 1 << 20;
  db.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();  // for the check tool
  return db;
}

rocksdb::ColumnFamilyOptions MakeFamilyOptions(size_t write_buffer,
                                               const std::shared_ptr<rocksdb::Cache>& cache,
                                               bool versions) {
  rocksdb::ColumnFamilyOptions cf;
  cf.write_buffer_size = write_buffer;
  cf.arena_block_size = 128 << 10;
  cf.max_write_buffer_number = 3;
  cf.compression = rocksdb::kLZ4Compression;
  cf.target_file_size_base = 16 << 20;
  cf.max_bytes_for_level_base = 64 << 20;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 8 << 10;
  table.format_version = 5;
  if (versions) {
    cf.prefix_extractor = std::make_shared<KeyPrefix>();
    cf.memtable_prefix_bloom_size_ratio = 0.01;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.whole_key_filtering = false;
  }
  cf.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return cf;
}

// Makes `dir` and whatever is missing above it, durably.
Status MakeDirectory(rocksdb::Env* env, const std::string& dir) {
  if (env->FileExists(dir).ok()) return OkStatus();
  const std::string parent = ParentOf(dir);
  GANTRY_TRY(MakeDirectory(env, parent));
  if (auto s = env->CreateDirIfMissing(dir); !s.ok()) return EngineError(dir, s);
  return SyncDirectory(env, parent);
}

// A killed process may leave log records that never reached the disk but are still in the page
// cache. Opening replays them and builds on them, so they must become durable first: otherwise a
// power loss later would tear a hole before acknowledged writes.
Status SyncLogs(rocksdb::Env* env, const std::string& dir) {
  std::vector<std::string> names;
  if (auto s = env->GetChildren(dir, &names); !s.ok()) return EngineError(dir, s);
  bool any = false;
  for (const std::string& name : names) {
    if (!name.ends_with(".log")) continue;
    any = true;
    std::unique_ptr<rocksdb::WritableFile> file;
    rocksdb::Status s = env->ReopenWritableFile(dir + "/" + name, &file, rocksdb::EnvOptions());
    if (s.ok()) s = file->Sync();
    if (s.ok()) s = file->Close();
    if (!s.ok()) return EngineError(name, s);
  }
  if (any) return SyncDirectory(env, dir);
  return OkStatus();
}

std::string Normal(const std::string& dir) {
  std::string out = std::filesystem::path(dir).lexically_normal().string();
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

}  // namespace

Status SyncDirectory(rocksdb::Env* env, const std::string& dir) {
  if (env == nullptr) env = rocksdb::Env::Default();
  std::unique_ptr<rocksdb::Directory> handle;
  rocksdb::Status s = env->NewDirectory(dir, &handle);
  if (s.ok()) s = handle->Fsync();
  if (!s.ok()) return EngineError(dir, s);
  return OkStatus();
}

std::string ParentOf(const std::string& path) {
  const std::string parent = std::filesystem::path(Normal(path)).parent_path().string();
  return parent.empty() ? "." : parent;
}

Error EngineError(std::string_view context, const rocksdb::Status& s) {
  const Code code = s.IsCorruption() ? Code::kDataLoss : Code::kUnavailable;
  return Error(code, std::string(context) + ": " + s.ToString());
}

EngineFault::EngineFault(std::string_view context, const rocksdb::Status& s)
    : error(EngineError(context, s)), disk_full(s.IsNoSpace()) {}

Result<std::unique_ptr<Engine>> Engine::Open(const std::string& directory, EngineOptions options) {
  const std::string dir = Normal(directory);
  const std::string context = "open store \"" + dir + "\"";
  rocksdb::DBOptions db_options = MakeDbOptions(options);
  std::unique_ptr<Engine> engine(new Engine);
  if (options.on_background_error) {
    engine->listener_ = std::make_shared<ErrorListener>(std::move(options.on_background_error));
    db_options.listeners.push_back(engine->listener_);
  }
  auto cache = rocksdb::NewLRUCache(8 << 20, /*num_shard_bits=*/2);
  const std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, MakeFamilyOptions(64 << 10, cache, false)},
      {"data", MakeFamilyOptions(options.write_buffer_bytes, cache, true)},
      {"log", MakeFamilyOptions(options.write_buffer_bytes / 4, cache, false)}};

  rocksdb::DB* db = nullptr;
  rocksdb::Status s;
  if (options.read_only) {
    s = rocksdb::DB::OpenForReadOnly(db_options, dir, families, &engine->families_, &db);
  } else {
    if (auto made = MakeDirectory(db_options.env, dir); !made.ok())
      return made.error().Wrap(context);
    rocksdb::FileLock* lock = nullptr;
    // Logs are only touched while nobody else has the store open.
    s = db_options.env->LockFile(dir + "/LOCK", &lock);
    if (!s.ok()) return EngineError(context + ": in use by another process", s);
    Status synced = SyncLogs(db_options.env, dir);
    s = db_options.env->UnlockFile(lock);
    if (!synced.ok()) return synced.error().Wrap(context);
    if (s.ok()) s = rocksdb::DB::Open(db_options, dir, families, &engine->families_, &db);
  }
  if (!s.ok()) return EngineError(context, s);
  engine->db_.reset(db);

  std::string format;
  s = db->Get(rocksdb::ReadOptions(), engine->meta(), kFormatKey, &format);
  if (s.IsNotFound() && !options.read_only) {
    rocksdb::WriteOptions sync;
    sync.sync = true;
    s = db->Put(sync, engine->meta(), kFormatKey, kFormat);
    format = kFormat;
  }
  if (!s.ok()) return EngineError(context, s);
  if (format != kFormat) {
    return Error(Code::kDataLoss, context + ": its format is \"" + format +
                                      "\", this program reads format \"" + kFormat + "\"");
  }
  return engine;
}

Engine::~Engine() {
  if (!db_) return;
  for (auto* family : families_) db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  db_->Close().PermitUncheckedError();
}

rocksdb::ReadOptions Engine::OneKey() {
  rocksdb::ReadOptions read;
  read.prefix_same_as_start = true;
  return read;
}

rocksdb::ReadOptions Engine::ManyKeys() {
  rocksdb::ReadOptions read;
  read.total_order_seek = true;
  return read;
}

Status Engine::Flush() {
  if (auto s = db_->Flush(rocksdb::FlushOptions(), families_); !s.ok()) {
    return EngineError("flush", s);
  }
  return OkStatus();
}

Status Engine::Rewrite() {
  GANTRY_TRY(Flush());
  rocksdb::CompactRangeOptions all;
  all.exclusive_manual_compaction = false;
  all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    if (auto s = db_->CompactRange(all, family, nullptr, nullptr); !s.ok()) {
      return EngineError("rewrite", s);
    }
  }
  return OkStatus();
}

Status Engine::RemoveAfter(Revision last) {
  std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(ManyKeys(), log()));
  rocksdb::WriteBatch batch;
  rocksdb::Status s;
  for (it->Seek(EncodeRevision(last + 1)); it->Valid() && s.ok(); it->Next()) {
    const auto entry = DecodeLog(it->value().ToStringView());
    if (!entry) return Error(Code::kDataLoss, "a log record that does not decode");
    const Revision revision = DecodeRevision(it->key().ToStringView());
    s = batch.Delete(data(), EncodeVersion(entry->key, revision));
    if (s.ok()) s = batch.Delete(log(), it->key());
  }
  if (s.ok()) s = it->status();
  rocksdb::WriteOptions sync;
  sync.sync = true;
  if (s.ok() && batch.Count() != 0) s = db_->Write(sync, &batch);
  if (!s.ok()) return EngineError("remove what was not acknowledged", s);
  return OkStatus();
}

Result<Revision> Engine::ReadHorizon() {
  std::string bytes;
  rocksdb::Status s = db_->Get(rocksdb::ReadOptions(), meta(), kHorizonKey, &bytes);
  if (s.IsNotFound()) return Revision{0};
  if (!s.ok()) return EngineError("read the horizon", s);
  if (bytes.size() != kRevisionBytes) return Error(Code::kDataLoss, "the horizon has a wrong size");
  return DecodeRevision(bytes);
}

Status Engine::WriteHorizon(Revision horizon) {
  rocksdb::WriteOptions sync;
  sync.sync = true;
  rocksdb::Status s = db_->Put(sync, meta(), kHorizonKey, EncodeRevision(horizon));
  if (!s.ok()) return EngineError("write the horizon", s);
  return OkStatus();
}

Result<Revision> Engine::ReadLastRevision() {
  GANTRY_TRY_SET(Revision last, ReadHorizon());
  std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(ManyKeys(), log()));
  it->SeekToLast();
  if (it->Valid()) {
    if (it->key().size() != kRevisionBytes)
      return Error(Code::kDataLoss, "a log key has a wrong size");
    last = std::max(last, DecodeRevision(it->key().ToStringView()));
  }
  if (!it->status().ok()) return EngineError("read the newest revision", it->status());
  return last;
}

}  // namespace gantry::store
