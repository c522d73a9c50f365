#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apis/compose/diagnostics.h"

// Reading values of a Compose document. Substitution leaves texts where numbers and booleans are
// meant, so each reader takes both. On a fault a reader reports it and returns nothing.
namespace gantry::compose {

// A value and where it stands. `value` belongs to the document.
struct Field {
  const Json& value;
  std::string place;

  Field Item(size_t index) const { return {value.at(index), Join(place, index)}; }
  // REQUIRES: the map has `key`.
  Field Member(const std::string& key) const { return {value.at(key), Join(place, key)}; }
  bool Has(const std::string& key) const { return value.contains(key); }
};

// The text of a scalar; nothing, without a report, for null, lists and maps.
std::optional<std::string> ScalarText(const Json& value);

std::optional<std::string> ReadText(const Field& field, Diagnostics* diag);
inline constexpr int64_t kMaxReplicas = 10000;
std::optional<int64_t> ReadWhole(const Field& field, int64_t min, int64_t max, Diagnostics* diag);
std::optional<double> ReadNumber(const Field& field, Diagnostics* diag);  // at least 0
std::optional<bool> ReadBool(const Field& field, Diagnostics* diag);
// `1m30s`, in seconds.
std::optional<double> ReadSeconds(const Field& field, Diagnostics* diag);
// `512m`, `1.5gb`, or a plain number of bytes.
std::optional<int64_t> ReadBytes(const Field& field, Diagnostics* diag);
// A list of scalars, or one scalar alone.
std::optional<std::vector<std::string>> ReadTexts(const Field& field, Diagnostics* diag);
// The same without repetition; empty after a report.
std::vector<std::string> ReadSet(const Field& field, Diagnostics* diag);
// A command: a list, or a line that is split as a shell would.
std::optional<std::vector<std::string>> ReadWords(const Field& field, Diagnostics* diag);

// False, with a report, when the value is not of the type. Null reads as absent: false, no report.
bool IsMap(const Field& field, Diagnostics* diag);
bool IsList(const Field& field, Diagnostics* diag);

// One entry of `environment` or `labels`.
struct KeyValue {
  std::string key;
  std::optional<std::string> value;  // empty: none was written
  std::string place;                 // ends with the key
  bool secret = false;               // the value holds that of a secret parameter
};
// A map, or a list of `KEY=value`; in the order of the document (a map's is that of its keys).
// `secrets` as in Document. Secret values are never part of a report.
std::vector<KeyValue> ReadKeyValues(const Field& field,
                                    const std::map<std::string, size_t>& secrets,
                                    Diagnostics* diag);

// The whole number of a text of digits with an optional sign; nothing when it is no such text.
std::optional<int64_t> ParseWhole(const std::string& text);

}  // namespace gantry::compose
