#pragma once

#include <string>
#include <string_view>

#include "apis/machinery/meta/object.h"

// Reads of schema documents that never throw.
namespace gantry::schema {

// The member `key` of an object; null when it is absent, JSON null, or `object` is no object.
inline const Json* Find(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(key);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

inline bool Flag(const Json& object, std::string_view key) {
  const Json* v = Find(object, key);
  return v && v->is_boolean() && v->get<bool>();
}

}  // namespace gantry::schema
