#pragma once

#include "apis/machinery/base/json.h"
#include "controllers/drivers/docker/types.h"

// Lenient reads: an absent, null or wrongly typed field reads as empty.
namespace gantry::docker {

inline const Json& Field(const Json& json, const char* name) {
  static const Json kNull;
  if (!json.is_object()) return kNull;
  const auto it = json.find(name);
  return it == json.end() ? kNull : *it;
}

inline std::string Text(const Json& json, const char* name) {
  const Json& v = Field(json, name);
  return v.is_string() ? v.get<std::string>() : std::string();
}

inline int64_t Integer(const Json& json, const char* name) {
  const Json& v = Field(json, name);
  return v.is_number() ? v.get<int64_t>() : 0;
}

inline bool Flag(const Json& json, const char* name) {
  const Json& v = Field(json, name);
  return v.is_boolean() && v.get<bool>();
}

inline std::vector<std::string> Texts(const Json& json, const char* name) {
  std::vector<std::string> out;
  const Json& v = Field(json, name);
  if (!v.is_array()) return out;
  for (const Json& item : v) {
    if (item.is_string()) out.push_back(item.get<std::string>());
  }
  return out;
}

inline StringMap TextMap(const Json& json, const char* name) {
  StringMap out;
  const Json& v = Field(json, name);
  if (!v.is_object()) return out;
  for (const auto& [key, value] : v.items()) {
    if (value.is_string()) out[key] = value.get<std::string>();
  }
  return out;
}

}  // namespace gantry::docker
