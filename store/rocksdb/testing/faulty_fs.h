#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <string>

namespace gantry::store {

enum class DiskFault {
  kNone,
  kFull,        // a write stores its first half and fails with "no space"
  kWriteError,  // a write fails with EIO and stores nothing
  kSyncError,   // a write succeeds, its sync fails with EIO
  kReadOnly,    // nothing can be made, written, renamed or removed
};

// The machine's file system, whose disk fails on demand. Reads always work. Thread-safe.
class FaultyFs : public rocksdb::FileSystemWrapper {
 public:
  FaultyFs();
  ~FaultyFs() override;
  // From now on, also for files that are open.
  void Set(DiskFault fault) { *fault_ = fault; }

  const char* Name() const override { return "FaultyFs"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* result,
                                       rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* dbg) override;

 private:
  class File;
  using SharedFault = std::shared_ptr<std::atomic<DiskFault>>;

  rocksdb::IOStatus CheckWritable() const;

  const SharedFault fault_;
};

}  // namespace gantry::store
