#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apis/machinery/base/mutex.h"

// A file system that knows what a power loss would take. SIGKILL alone loses nothing: written bytes
// stay in the page cache. This wrapper notes in a journal, which survives the process, how much of
// each file was synced and which creations, renames and deletions the directory's own sync has not
// covered yet; LosePower then makes the directory what a disk would hold.
namespace gantry::store {

class UnsyncedJournal;

// Wraps the machine's file system for one flat directory; other paths pass through. Syncs are
// noted, not made: they would only be slow. Thread-safe.
class UnsyncedFs : public rocksdb::FileSystemWrapper {
 public:
  // `side` is a directory beside `dir`, on the same disk, for the journal; made when absent. What
  // an earlier process left unsynced stays so.
  UnsyncedFs(std::string dir, const std::string& side);
  ~UnsyncedFs() override;

  // To be called while no process uses `dir`. Chance, from `seed`, decides how much of the unsynced
  // is gone: all of it, a part, or whether what is left of it is garbled.
  static void LosePower(const std::string& dir, const std::string& side, uint32_t seed);

  const char* Name() const override { return "UnsyncedFs"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* result,
                                       rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* result,
                                      rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* dbg) override;

 private:
  class File;
  class Directory;

  // The name inside dir_, or empty for a path elsewhere.
  std::string Inside(const std::string& path) const;

  const std::string dir_;
  const std::shared_ptr<UnsyncedJournal> journal_;
};

}  // namespace gantry::store
