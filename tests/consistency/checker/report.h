#pragma once

#include <array>
#include <string>
#include <vector>

#include "tests/consistency/checker/history.h"

namespace gantry::consistency {

// What is promised. check.h defines each.
enum class Property {
  kKnown,
  kOnce,
  kSequential,
  kLinearizable,
  kSnapshot,
  kMonotonic,
  kOrdered,
  kUnique,
  kAtomic,
  kReliable,
  kResumable,
  kBookmarkable,
};
inline constexpr size_t kProperties = 12;
const char* PropertyName(Property property);

struct Violation {
  Property property;
  std::string what;
  // The lines of the history that show it, as few as do; with their numbers in the file.
  std::vector<std::string> evidence;
};

class Report {
 public:
  bool ok() const { return total_ == 0; }
  size_t count(Property property) const { return counts_[static_cast<size_t>(property)]; }
  // The first ones of each property.
  const std::vector<Violation>& violations() const { return violations_; }
  // For people; "ok" when there are none.
  std::string Text() const;

  void Add(Property property, std::string what, std::vector<std::string> evidence);

 private:
  std::vector<Violation> violations_;
  std::array<size_t, kProperties> counts_{};
  size_t total_ = 0;
};

// Evidence: a line of the history as it stands in the file.
std::string Show(const Operation& operation);
std::string Show(const Watch& watch);
std::string Show(const Watch& watch, const WatchEvent& event);

}  // namespace gantry::consistency
