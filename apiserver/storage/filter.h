#pragma once

#include <string>

#include "apis/machinery/meta/selector.h"
#include "apiserver/storage/entry.h"

namespace gantry::apiserver {

// Which entries of a resource a list or a watch wants. Reads headers and keys only.
struct EntryFilter {
  std::string prefix;  // of the relative key: `default/`, or the whole key of one object
  LabelSelector labels;
  FieldSelector fields;

  // Whether the key alone lets the entry through.
  bool MatchesKey(std::string_view key) const { return key.substr(0, prefix.size()) == prefix; }
  bool Matches(const Entry& entry) const;
  bool has_selector() const { return !labels.empty() || !fields.empty(); }
};

// The first key behind all keys that start with `prefix`; empty: there is none.
std::string PrefixEnd(std::string prefix);

}  // namespace gantry::apiserver
