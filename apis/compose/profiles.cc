#include "apis/compose/profiles.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace gantry::compose {
namespace {

bool IsProfile(const std::string& name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if (name.empty() || !is_letter(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [&is_letter](char c) {
    return is_letter(c) || c == '_' || c == '.' || c == '-';
  });
}

std::vector<std::string> ReadProfiles(const Field& field, Diagnostics* diag) {
  std::vector<std::string> out;
  if (!IsList(field, diag)) return out;
  for (size_t i = 0; i < field.value.size(); ++i) {
    const auto name = ReadText(field.Item(i), diag);
    if (!name) continue;
    if (IsProfile(*name)) out.push_back(*name);
    else
      diag->Invalid(Join(field.place, i), *name,
                    "a profile's name has letters, digits, `_`, `.` and `-`");
  }
  return out;
}

}  // namespace

std::map<std::string, std::string> TakeInactive(Json* services, const std::string& place,
                                                const std::vector<std::string>& active,
                                                Diagnostics* diag) {
  std::map<std::string, std::string> out;
  const auto is_active = [&active](const std::string& profile) {
    return std::any_of(active.begin(), active.end(),
                       [&](const std::string& a) { return a == profile || a == "*"; });
  };
  for (auto it = services->begin(); it != services->end();) {
    const bool has = it->is_object() && it->contains("profiles");
    std::vector<std::string> profiles;
    if (has)
      profiles = ReadProfiles({it->at("profiles"), Join(Join(place, it.key()), "profiles")}, diag);
    if (profiles.empty() || std::any_of(profiles.begin(), profiles.end(), is_active)) {
      ++it;
      continue;
    }
    out.emplace(it.key(), fmt::format("{}", fmt::join(profiles, ", ")));
    it = services->erase(it);
  }
  return out;
}

}  // namespace gantry::compose
