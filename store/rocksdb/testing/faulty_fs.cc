#include "store/rocksdb/testing/faulty_fs.h"

#include <utility>

namespace gantry::store {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

IOStatus ReadOnly() { return IOStatus::IOError("Read-only file system"); }

}  // namespace

class FaultyFs::File : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(std::unique_ptr<rocksdb::FSWritableFile> file, SharedState state)
      : FSWritableFileOwnerWrapper(std::move(file)), state_(std::move(state)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* dbg) override {
    switch (state_->Next()) {
      case DiskFault::kNone:
      case DiskFault::kSyncError: return target()->Append(data, options, dbg);
      case DiskFault::kFull: {
        IOStatus s = target()->Append({data.data(), data.size() / 2}, options, dbg);
        return s.ok() ? IOStatus::NoSpace("No space left on device") : s;
      }
      case DiskFault::kWriteError: return IOStatus::IOError("Input/output error");
      case DiskFault::kReadOnly: return ReadOnly();
    }
    return IOStatus::OK();
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo&, IODebugContext* dbg) override {
    return Append(data, options, dbg);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* dbg) override {
    if (state_->fault == DiskFault::kSyncError) return IOStatus::IOError("Input/output error");
    return target()->Sync(options, dbg);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* dbg) override {
    return Sync(options, dbg);
  }

 private:
  const SharedState state_;
};

FaultyFs::FaultyFs()
    : FileSystemWrapper(rocksdb::FileSystem::Default()), state_(std::make_shared<State>()) {}

FaultyFs::~FaultyFs() = default;

DiskFault FaultyFs::State::Next() {
  int left = writes_until_full;
  while (left >= 0 && !writes_until_full.compare_exchange_weak(left, left - 1)) {
  }
  if (left == 0) fault = DiskFault::kFull;
  return fault;
}

void FaultyFs::Set(DiskFault fault) {
  state_->writes_until_full = -1;
  state_->fault = fault;
}

void FaultyFs::FillAfter(int writes) {
  Set(DiskFault::kNone);
  state_->writes_until_full = writes;
}

IOStatus FaultyFs::GetFreeSpace(const std::string& path, const IOOptions& options, uint64_t* free,
                                IODebugContext* dbg) {
  if (!full()) return target()->GetFreeSpace(path, options, free, dbg);
  *free = 0;
  return IOStatus::OK();
}

IOStatus FaultyFs::CheckWritable() const {
  return state_->fault == DiskFault::kReadOnly ? ReadOnly() : IOStatus::OK();
}

IOStatus FaultyFs::NewWritableFile(const std::string& name, const FileOptions& options,
                                   std::unique_ptr<rocksdb::FSWritableFile>* result,
                                   IODebugContext* dbg) {
  IOStatus s = CheckWritable();
  std::unique_ptr<rocksdb::FSWritableFile> file;
  if (s.ok()) s = target()->NewWritableFile(name, options, &file, dbg);
  if (s.ok()) *result = std::make_unique<File>(std::move(file), state_);
  return s;
}

IOStatus FaultyFs::ReopenWritableFile(const std::string& name, const FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* result,
                                      IODebugContext* dbg) {
  IOStatus s = CheckWritable();
  std::unique_ptr<rocksdb::FSWritableFile> file;
  if (s.ok()) s = target()->ReopenWritableFile(name, options, &file, dbg);
  if (s.ok()) *result = std::make_unique<File>(std::move(file), state_);
  return s;
}

IOStatus FaultyFs::DeleteFile(const std::string& name, const IOOptions& options,
                              IODebugContext* dbg) {
  IOStatus s = CheckWritable();
  return s.ok() ? target()->DeleteFile(name, options, dbg) : s;
}

IOStatus FaultyFs::RenameFile(const std::string& from, const std::string& to,
                              const IOOptions& options, IODebugContext* dbg) {
  IOStatus s = CheckWritable();
  return s.ok() ? target()->RenameFile(from, to, options, dbg) : s;
}

}  // namespace gantry::store
