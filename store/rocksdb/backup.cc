#include "store/rocksdb/backup.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "store/rocksdb/compactor.h"
#include "store/rocksdb/engine.h"
#include "store/rocksdb/rocksdb_store.h"

namespace gantry::store {
namespace {

namespace fs = std::filesystem;

bool HoldsStore(const std::string& dir) {
  std::error_code error;
  return fs::exists(fs::path(dir) / "CURRENT", error);
}

// Copies the files and makes the copy durable file by file.
Status CopyDirectory(const std::string& from, const std::string& to) {
  rocksdb::Env* const env = rocksdb::Env::Default();
  std::error_code error;
  fs::create_directories(to, error);
  if (error) return Error(Code::kUnavailable, to + ": " + error.message());
  for (const auto& entry : fs::directory_iterator(from, error)) {
    const std::string copy = (fs::path(to) / entry.path().filename()).string();
    if (!fs::copy_file(entry.path(), copy, error)) break;
    std::unique_ptr<rocksdb::WritableFile> file;
    rocksdb::Status s = env->ReopenWritableFile(copy, &file, rocksdb::EnvOptions());
    if (s.ok()) s = file->Sync();
    if (s.ok()) s = file->Close();
    if (!s.ok()) return EngineError(copy, s);
  }
  if (error) return Error(Code::kUnavailable, "copy \"" + from + "\": " + error.message());
  return OkStatus();
}

Result<Revision> RaiseRevisions(const std::string& dir, Revision above) {
  GANTRY_TRY_SET(auto engine, Engine::Open(dir, {}));
  GANTRY_TRY_SET(const Revision last, engine->ReadLastRevision());
  const Revision floor = std::max(last, above) + kRestoreBump;
  GANTRY_TRY(engine->WriteHorizon(floor));
  GANTRY_TRY(RemoveHistory(engine.get(), floor));
  return floor;
}

}  // namespace

Status BackupStore(const std::string& dir, const std::string& backup) {
  // Opening would make one.
  if (!HoldsStore(dir)) return Error(Code::kNotFound, "backup \"" + dir + "\": there is no store");
  GANTRY_TRY_SET(const auto store, OpenRocksDbStore(dir));
  return store->Backup(backup);
}

Result<Revision> RestoreBackup(const std::string& backup, const std::string& target,
                               const RestoreOptions& options) {
  const std::string context = "restore \"" + backup + "\" to \"" + target + "\"";
  std::error_code error;
  if (!HoldsStore(backup)) return Error(Code::kNotFound, context + ": there is no backup");
  if (fs::exists(target, error)) {
    return Error(Code::kAlreadyExists, context + ": the target exists");
  }
  fs::path final_path = fs::absolute(target).lexically_normal();
  if (final_path.filename().empty()) final_path = final_path.parent_path();
  const std::string partial = final_path.string() + ".partial";
  fs::remove_all(partial, error);
  if (error) return Error(Code::kUnavailable, context + ": " + error.message());

  Status done = CopyDirectory(backup, partial);
  Revision floor = 0;
  if (done.ok()) {
    auto raised = RaiseRevisions(partial, options.above);
    if (raised.ok()) {
      floor = *raised;
    } else {
      done = raised.error();
    }
  }
  if (done.ok()) done = SyncDirectory(nullptr, partial);
  if (done.ok()) {
    fs::rename(partial, final_path, error);
    if (error) done = Error(Code::kUnavailable, error.message());
  }
  if (done.ok()) done = SyncDirectory(nullptr, ParentOf(final_path.string()));
  if (!done.ok()) {
    fs::remove_all(partial, error);
    return done.error().Wrap(context);
  }
  return floor;
}

}  // namespace gantry::store
