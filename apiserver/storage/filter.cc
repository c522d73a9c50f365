#include "apiserver/storage/filter.h"

#include "apiserver/storage/keys.h"

namespace gantry::apiserver {

bool EntryFilter::Matches(const Entry& entry) const {
  if (!MatchesKey(entry.key())) return false;
  if (!has_selector()) return true;
  const RecordHeader header = entry.header();
  if (!labels.empty() && !labels.Matches([&](std::string_view key, std::string_view* value) {
        return header.labels.Find(key, value);
      })) {
    return false;
  }
  if (fields.empty()) return true;
  return fields.Matches([&](const std::string& field) -> std::string {
    if (field == "metadata.name") return ParseRelativeKey(entry.key()).name;
    if (field == "metadata.namespace") return ParseRelativeKey(entry.key()).ns;
    std::string_view value;
    return header.fields.Find(field, &value) ? std::string(value) : std::string();
  });
}

std::string PrefixEnd(std::string prefix) {
  while (!prefix.empty()) {
    if (static_cast<unsigned char>(prefix.back()) != 0xff) {
      ++prefix.back();
      return prefix;
    }
    prefix.pop_back();
  }
  return prefix;
}

}  // namespace gantry::apiserver
