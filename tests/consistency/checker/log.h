#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/consistency/checker/history.h"
#include "tests/consistency/checker/report.h"

namespace gantry::consistency {

inline constexpr Revision kEndOfLog = std::numeric_limits<Revision>::max();

// One write, as everybody saw it.
struct Entry {
  Item item;  // after the write; of a deletion the last state
  bool live = true;
  const Operation* source = nullptr;  // one of these two says who saw it first
  const Watch* watch = nullptr;
  const WatchEvent* event = nullptr;
  const Operation* writer = nullptr;  // null: unknown
  // How many deaths of the server came before the write, at least and at most.
  size_t first_epoch = 0;
  size_t last_epoch = 0;
  std::string Show() const;
};

// All writes of one key, by revision.
class KeyLog {
 public:
  void Append(const Entry* entry) { entries_.push_back(entry); }
  const std::vector<const Entry*>& entries() const { return entries_; }
  // The last write at or before `revision`; null: there was none.
  const Entry* At(Revision revision) const;
  // How many writes are at or before `revision`.
  size_t CountTo(Revision revision) const;

 private:
  std::vector<const Entry*> entries_;
};

// The log of all writes; see check.h. `history` outlives it.
class Log {
 public:
  // Adds violations of Atomic where accounts of one revision differ.
  Log(const History& history, Report* report);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Finds out who wrote what. Adds violations of Known, Once and Sequential.
  void Explain(const History& history, Report* report);

  const Entry* Find(Revision revision) const;
  const KeyLog& key(const std::string& key) const;
  // The writes in a namespace (empty: in all), by revision.
  const std::vector<const Entry*>& scope(const std::string& scope) const;
  // The objects of a namespace (empty: of all) at a revision, by key.
  std::vector<Item> StateAt(const std::string& scope, Revision revision) const;
  // The last writes of a key at and around a revision, as evidence.
  std::vector<std::string> Around(const std::string& key, Revision revision) const;

  // The revision that a write reached; 0: it is not in the log.
  Revision RevisionOf(const Operation& operation) const;

 private:
  void Add(Entry entry, Report* report);
  // Between which deaths of the server each revision was written.
  void FindEpochs(const History& history);
  const Operation* TakeLostDeletion(const Entry& entry, const Entry* before);
  void ExplainPut(Entry* entry, const Entry* before, Report* report);
  void ExplainDeletion(Entry* entry, const Entry* before, Report* report);
  void CheckAnswers(const History& history, Report* report);

  std::unordered_map<Revision, Entry> entries_;
  std::map<std::string, KeyLog> keys_;
  std::map<std::string, std::vector<const Entry*>> scopes_;

  std::unordered_map<std::string, const Operation*> writes_;     // by value
  std::unordered_map<std::string, const Operation*> deletions_;  // acknowledged, by uid
  // A lost deletion, and how many deaths of the server came before it.
  struct Lost {
    const Operation* op;
    size_t epoch;
  };
  std::map<std::string, std::vector<Lost>> lost_deletions_;  // by key, by begin
  std::unordered_map<const Operation*, Revision> reached_;
};

// The namespace of a key.
std::string ScopeOf(const std::string& key);

}  // namespace gantry::consistency
