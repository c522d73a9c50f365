#include "store/rocksdb/testing/unsynced_journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "apis/machinery/base/check.h"

namespace gantry::store {
namespace {

namespace fs = std::filesystem;

constexpr char kJournal[] = "journal";

}  // namespace

UnsyncedJournal::UnsyncedJournal(std::string dir, std::string side)
    : dir_(std::move(dir)), side_(std::move(side)) {
  fs::create_directories(side_);
  MutexLock lock(&mu_);
  std::ifstream in(InSide(kJournal));
  for (std::string line; std::getline(in, line);) Apply(line);
  fd_ = open(InSide(kJournal).c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  GANTRY_CHECK(fd_ >= 0);
}

UnsyncedJournal::~UnsyncedJournal() {
  MutexLock lock(&mu_);
  close(fd_);
}

// One write(2) a line, so that a killed process leaves whole lines.
void UnsyncedJournal::Note(const std::string& line) {
  const std::string whole = line + "\n";
  GANTRY_CHECK(write(fd_, whole.data(), whole.size()) == static_cast<ssize_t>(whole.size()));
  Apply(line);
}

void UnsyncedJournal::Apply(const std::string& line) {
  std::istringstream in(line);
  std::string verb;
  Change change{};
  in >> verb;
  if (verb == "synced") {
    uint64_t bytes = 0;
    in >> change.name >> bytes;
    synced_[change.name] = bytes;
  } else if (verb == "create") {
    in >> change.name;
    change.kind = Change::Kind::kCreate;
    synced_[change.name] = 0;
    pending_.push_back(change);
  } else if (verb == "delete") {
    in >> change.name >> change.kept;
    change.kind = Change::Kind::kDelete;
    change.kept_synced = synced_[change.name];
    synced_.erase(change.name);
    ++next_kept_;
    pending_.push_back(change);
  } else if (verb == "rename") {
    in >> change.from >> change.name >> change.kept;
    change.kind = Change::Kind::kRename;
    change.kept_synced = synced_[change.name];
    synced_[change.name] = synced_[change.from];
    synced_.erase(change.from);
    ++next_kept_;
    pending_.push_back(change);
  } else if (verb == "directory-synced") {
    for (const Change& done : pending_) {
      std::error_code ignored;
      if (!done.kept.empty()) fs::remove(InSide(done.kept), ignored);
    }
    pending_.clear();
  }
}

std::string UnsyncedJournal::NewKept() { return "kept" + std::to_string(next_kept_); }

void UnsyncedJournal::Created(const std::string& name) {
  MutexLock lock(&mu_);
  Note("create " + name);
}

void UnsyncedJournal::Synced(const std::string& name, uint64_t bytes) {
  MutexLock lock(&mu_);
  Note("synced " + name + " " + std::to_string(bytes));
}

void UnsyncedJournal::DirectorySynced() {
  MutexLock lock(&mu_);
  Note("directory-synced");
}

bool UnsyncedJournal::Delete(const std::string& name) {
  MutexLock lock(&mu_);
  if (!fs::exists(InDir(name))) return false;
  const std::string kept = NewKept();
  Note("delete " + name + " " + kept);
  std::error_code error;
  fs::rename(InDir(name), InSide(kept), error);
  return !error;
}

bool UnsyncedJournal::Rename(const std::string& from, const std::string& to) {
  MutexLock lock(&mu_);
  const std::string kept = NewKept();
  std::error_code error;
  if (fs::exists(InDir(to))) fs::create_hard_link(InDir(to), InSide(kept), error);
  Note("rename " + from + " " + to + " " + kept);
  fs::rename(InDir(from), InDir(to), error);
  return !error;
}

// A killed process may have noted a change that it did not make.
void UnsyncedJournal::Undo(const Change& change) {
  std::error_code ignored;
  const bool kept = !change.kept.empty() && fs::exists(InSide(change.kept));
  switch (change.kind) {
    case Change::Kind::kCreate:
      fs::remove(InDir(change.name), ignored);
      synced_.erase(change.name);
      return;
    case Change::Kind::kDelete:
      if (kept) fs::rename(InSide(change.kept), InDir(change.name));
      synced_[change.name] = change.kept_synced;
      return;
    case Change::Kind::kRename:
      if (!fs::exists(InDir(change.from))) fs::rename(InDir(change.name), InDir(change.from));
      synced_[change.from] = synced_[change.name];
      synced_.erase(change.name);
      if (kept) {
        fs::rename(InSide(change.kept), InDir(change.name));
        synced_[change.name] = change.kept_synced;
      }
      return;
  }
}

void UnsyncedJournal::LoseTail(const std::string& name, uint64_t synced, uint32_t seed) {
  std::error_code missing;
  const uint64_t size = fs::file_size(InDir(name), missing);
  if (missing || size <= synced) return;
  std::minstd_rand random(seed);
  const uint64_t left = random() % 2 == 0 ? synced : synced + random() % (size - synced + 1);
  fs::resize_file(InDir(name), left);
  if (left == synced || random() % 2 == 0) return;
  const uint64_t garbled = synced + random() % (left - synced);
  std::fstream file(InDir(name), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(garbled));
  for (uint64_t i = garbled; i < left; ++i) file.put(static_cast<char>(random()));
}

void UnsyncedJournal::LosePower(uint32_t seed) {
  MutexLock lock(&mu_);
  std::minstd_rand random(seed);
  // A disk keeps changes in their order, so what survives of them is a beginning.
  const size_t survive = random() % 2 == 0 ? 0 : random() % (pending_.size() + 1);
  while (pending_.size() > survive) {
    Undo(pending_.back());
    pending_.pop_back();
  }
  const auto tails = synced_;
  for (const auto& [name, synced] : tails) LoseTail(name, synced, static_cast<uint32_t>(random()));

  // What is there now is on the disk.
  GANTRY_CHECK(ftruncate(fd_, 0) == 0);
  synced_.clear();
  pending_.clear();
  for (const auto& entry : fs::directory_iterator(side_)) {
    if (entry.path().filename() != kJournal) fs::remove(entry.path());
  }
  for (const auto& entry : fs::directory_iterator(dir_)) {
    Note("synced " + entry.path().filename().string() + " " + std::to_string(entry.file_size()));
  }
}

}  // namespace gantry::store
