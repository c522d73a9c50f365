#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "apis/machinery/base/mutex.h"

namespace gantry::store {

// What is not durable in one flat directory, written down before it happens. Thread-safe.
class UnsyncedJournal {
 public:
  // Reads what an earlier process noted.
  UnsyncedJournal(std::string dir, std::string side);
  ~UnsyncedJournal();
  UnsyncedJournal(const UnsyncedJournal&) = delete;
  UnsyncedJournal& operator=(const UnsyncedJournal&) = delete;

  void Created(const std::string& name);
  void Synced(const std::string& name, uint64_t bytes);
  // Each keeps what the change takes away, then makes the change.
  bool Delete(const std::string& name);
  bool Rename(const std::string& from, const std::string& to);
  void DirectorySynced();

  // Takes away what was not synced; see UnsyncedFs.
  void LosePower(uint32_t seed);

 private:
  struct Change {
    enum class Kind { kCreate, kDelete, kRename } kind;
    std::string name;  // kRename: the new name
    std::string from;  // kRename
    std::string kept;  // a file in side_ with what `name` was before; empty: it was nothing
    uint64_t kept_synced = 0;
  };

  void Note(const std::string& line) REQUIRES(mu_);
  void Apply(const std::string& line) REQUIRES(mu_);
  void Undo(const Change& change) REQUIRES(mu_);
  void LoseTail(const std::string& name, uint64_t synced, uint32_t seed);
  std::string NewKept() REQUIRES(mu_);
  std::string InDir(const std::string& name) const { return dir_ + "/" + name; }
  std::string InSide(const std::string& name) const { return side_ + "/" + name; }

  const std::string dir_;
  const std::string side_;

  Mutex mu_;
  int fd_ GUARDED_BY(mu_) = -1;
  int next_kept_ GUARDED_BY(mu_) = 0;
  std::map<std::string, uint64_t> synced_ GUARDED_BY(mu_);  // bytes, of each file
  std::vector<Change> pending_ GUARDED_BY(mu_);             // oldest first
};

}  // namespace gantry::store
