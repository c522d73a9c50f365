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
  void Set(DiskFault fault);
  // From now on the disk takes `writes` more and is full then.
  void FillAfter(int writes);
  bool full() const { return state_->fault == DiskFault::kFull; }

  // Nothing while the disk is full.
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 uint64_t* free, rocksdb::IODebugContext* dbg) override;
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
  struct State {
    std::atomic<DiskFault> fault{DiskFault::kNone};
    std::atomic<int> writes_until_full{-1};  // below zero: it does not fill
    // The fault that the next write meets.
    DiskFault Next();
  };
  using SharedState = std::shared_ptr<State>;

  rocksdb::IOStatus CheckWritable() const;

  const SharedState state_;
};

}  // namespace gantry::store
