#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/json.h"
#include "apis/machinery/meta/field_error.h"

namespace gantry::schema {

// Typed reads of one object of a manifest, with the field's path; a member of the wrong type is an
// error and reads as its default. Keeps references to what it was made of.
class Reader {
 public:
  Reader(const Json& object, std::string path, FieldErrors* errors)
      : object_(object), path_(std::move(path)), errors_(errors) {}

  std::string Text(std::string_view key) const;
  std::string RequiredText(std::string_view key) const;
  bool Boolean(std::string_view key) const;
  bool RequiredBoolean(std::string_view key) const;
  int Number(std::string_view key) const;
  std::vector<std::string> Texts(std::string_view key) const;
  // Null when absent or of another type.
  const Json* Object(std::string_view key) const;
  const Json* Array(std::string_view key) const;

  std::string At(std::string_view key) const;
  const std::string& path() const { return path_; }
  FieldErrors* errors() const { return errors_; }

 private:
  const Json* Typed(std::string_view key, std::string_view type) const;

  const Json& object_;
  const std::string path_;
  FieldErrors* const errors_;
};

}  // namespace gantry::schema
