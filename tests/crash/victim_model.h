#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "store/store.h"

// What the tester knows of the victim's store: everything that was said, over all crashes.
namespace gantry::store {

class VictimModel {
 public:
  // One line of the victim. Violations are collected.
  void Hear(const std::string& line);
  // An event of watch 0 that the tester saw itself.
  void Event(const Event& event);
  // Compares the model with the store after a crash: reads up the history that nobody saw yet, then
  // checks every promise of the contract.
  void Verify(Store* store);

  Revision resume(int watch) const { return watch == 0 ? last_ : filtered_last_; }
  size_t acknowledged() const { return acknowledged_; }
  size_t events() const { return history_.size(); }
  // What was broken, one a line; empty: nothing.
  const std::string& violations() const { return violations_; }

 private:
  struct Entry {
    bool put = true;
    std::string key;
    Revision previous = 0;
    std::string id;  // of the value; for a deletion of the last one
    bool operator==(const Entry&) const = default;
  };

  void Violation(const std::string& what);
  void Append(Revision revision, Entry entry);
  void AppendFiltered(Revision revision, const Entry& entry);
  void CheckAcknowledged();
  void CheckState(Store* store);
  void CheckHistory(Store* store);

  std::map<std::string, std::string> intended_puts_;             // id to key
  std::set<std::pair<std::string, Revision>> intended_deletes_;  // key, expected revision
  std::map<Revision, Entry> acked_;  // not yet found in the history; `previous` of puts unknown
  std::map<Revision, Entry> history_;
  std::set<std::string> applied_;                                 // ids of puts in the history
  std::map<std::string, std::pair<Revision, std::string>> live_;  // key to revision and id
  Revision last_ = 0;
  Revision filtered_last_ = 0;
  Revision highest_acked_ = 0;
  Revision horizon_ = 0;
  size_t acknowledged_ = 0;
  std::string violations_;
};

}  // namespace gantry::store
