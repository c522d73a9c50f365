#include "store/rocksdb/testing/unsynced_fs.h"

#include <utility>

#include "apis/machinery/base/sync_point.h"
#include "store/rocksdb/testing/unsynced_journal.h"

namespace gantry::store {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// Writes go through at once; a sync is noted with the length at that time.
class UnsyncedFs::File : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(std::unique_ptr<rocksdb::FSWritableFile> file, std::string name, uint64_t size,
       std::shared_ptr<UnsyncedJournal> journal)
      : FSWritableFileOwnerWrapper(std::move(file)),
        name_(std::move(name)),
        journal_(std::move(journal)),
        size_(size) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* dbg) override {
    IOStatus s = target()->Append(data, options, dbg);
    if (s.ok()) size_ += data.size();
    return s;
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo&, IODebugContext* dbg) override {
    return Append(data, options, dbg);
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* dbg) override {
    size_ = size;
    return target()->Truncate(size, options, dbg);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    GANTRY_SYNC_POINT("unsynced_fs.sync");
    journal_->Synced(name_, size_);
    return IOStatus::OK();
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* dbg) override {
    return Sync(options, dbg);
  }
  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();  // promises nothing
  }

 private:
  const std::string name_;
  const std::shared_ptr<UnsyncedJournal> journal_;
  uint64_t size_;
};

class UnsyncedFs::Directory : public rocksdb::FSDirectory {
 public:
  explicit Directory(std::shared_ptr<UnsyncedJournal> journal) : journal_(std::move(journal)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    journal_->DirectorySynced();
    return IOStatus::OK();
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  const std::shared_ptr<UnsyncedJournal> journal_;
};

UnsyncedFs::UnsyncedFs(std::string dir, const std::string& side)
    : FileSystemWrapper(rocksdb::FileSystem::Default()),
      dir_(std::move(dir)),
      journal_(std::make_shared<UnsyncedJournal>(dir_, side)) {}

UnsyncedFs::~UnsyncedFs() = default;

void UnsyncedFs::LosePower(const std::string& dir, const std::string& side, uint32_t seed) {
  UnsyncedJournal(dir, side).LosePower(seed);
}

std::string UnsyncedFs::Inside(const std::string& path) const {
  if (path.size() <= dir_.size() || !path.starts_with(dir_) || path[dir_.size()] != '/') return {};
  std::string name = path.substr(dir_.size());
  name.erase(0, name.find_first_not_of('/'));
  return name.find('/') == name.npos ? name : std::string();
}

IOStatus UnsyncedFs::NewWritableFile(const std::string& path, const FileOptions& options,
                                     std::unique_ptr<rocksdb::FSWritableFile>* result,
                                     IODebugContext* dbg) {
  const std::string name = Inside(path);
  if (name.empty()) return target()->NewWritableFile(path, options, result, dbg);
  journal_->Created(name);
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus s = target()->NewWritableFile(path, options, &file, dbg);
  if (s.ok()) *result = std::make_unique<File>(std::move(file), name, 0, journal_);
  return s;
}

IOStatus UnsyncedFs::ReopenWritableFile(const std::string& path, const FileOptions& options,
                                        std::unique_ptr<rocksdb::FSWritableFile>* result,
                                        IODebugContext* dbg) {
  const std::string name = Inside(path);
  if (name.empty()) return target()->ReopenWritableFile(path, options, result, dbg);
  uint64_t size = 0;
  IOStatus s = target()->GetFileSize(path, options.io_options, &size, dbg);
  if (!s.ok()) return s;
  std::unique_ptr<rocksdb::FSWritableFile> file;
  s = target()->ReopenWritableFile(path, options, &file, dbg);
  if (s.ok()) *result = std::make_unique<File>(std::move(file), name, size, journal_);
  return s;
}

IOStatus UnsyncedFs::ReuseWritableFile(const std::string&, const std::string&, const FileOptions&,
                                       std::unique_ptr<rocksdb::FSWritableFile>*, IODebugContext*) {
  return IOStatus::NotSupported("reusing a file");
}

IOStatus UnsyncedFs::NewDirectory(const std::string& name, const IOOptions& options,
                                  std::unique_ptr<rocksdb::FSDirectory>* result,
                                  IODebugContext* dbg) {
  if (name != dir_ && name != dir_ + "/") return target()->NewDirectory(name, options, result, dbg);
  *result = std::make_unique<Directory>(journal_);
  return IOStatus::OK();
}

IOStatus UnsyncedFs::DeleteFile(const std::string& path, const IOOptions& options,
                                IODebugContext* dbg) {
  const std::string name = Inside(path);
  if (name.empty()) return target()->DeleteFile(path, options, dbg);
  return journal_->Delete(name) ? IOStatus::OK() : IOStatus::NotFound(path);
}

IOStatus UnsyncedFs::RenameFile(const std::string& from, const std::string& to,
                                const IOOptions& options, IODebugContext* dbg) {
  const std::string old_name = Inside(from);
  const std::string name = Inside(to);
  if (old_name.empty() || name.empty()) return target()->RenameFile(from, to, options, dbg);
  return journal_->Rename(old_name, name) ? IOStatus::OK() : IOStatus::IOError("rename", from);
}

}  // namespace gantry::store
