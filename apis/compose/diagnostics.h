#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/json.h"
#include "apis/machinery/meta/field_error.h"

// Places in a Compose document, and what there is to say about them.
namespace gantry::compose {

// `services.web`, `services.web.labels[gantry.scale]`, `services.web.ports[0]`; the key alone when
// `place` is empty.
std::string Join(std::string_view place, std::string_view key);
std::string Join(std::string_view place, size_t index);

// The faults and warnings of one conversion, in the order in which they were found.
class Diagnostics {
 public:
  void Invalid(std::string place, const Json& value, std::string detail);
  void Required(std::string place, std::string detail);
  void Forbidden(std::string place, std::string detail);
  void Duplicate(std::string place, const Json& value);
  // A value outside of a closed set; `detail` says what is allowed.
  void Unsupported(std::string place, const Json& value, std::string detail);
  // A fault of the text as a whole.
  void Malformed(std::string detail);
  // A fault of `spec.parameters`, not of the document.
  void MissingParameter(std::string detail);
  void Warn(std::string_view place, std::string_view text);

  const FieldErrors& errors() const { return errors_; }
  FieldErrors TakeErrors() { return std::move(errors_); }
  std::vector<std::string> TakeWarnings() { return std::move(warnings_); }

 private:
  void Add(FieldError error, std::string place);

  FieldErrors errors_;
  std::vector<std::string> warnings_;
};

}  // namespace gantry::compose
