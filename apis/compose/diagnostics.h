#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/compose/source_map.h"
#include "apis/machinery/base/json.h"
#include "apis/machinery/meta/field_error.h"

// Places in a Compose document, and what there is to say about them.
namespace gantry::compose {

// `services.web`, `services.web.labels[gantry.scale]`, `services.web.ports[0]`; the key alone when
// `place` is empty.
std::string Join(std::string_view place, std::string_view key);
std::string Join(std::string_view place, size_t index);

// The faults and warnings of one conversion, in the order in which they were found. Each text ends
// with the position of what it is about: `(line 9, column 25)`.
class Diagnostics {
 public:
  SourceMap* sources() { return &sources_; }

  void Invalid(std::string place, const Json& value, std::string detail);
  void Required(std::string place, std::string detail);
  void Forbidden(std::string place, std::string detail);
  void Duplicate(std::string place, const Json& value);
  void Duplicate(std::string place, const Json& value, yaml::Position at);
  // A value outside of a closed set; `detail` says what is allowed.
  void Unsupported(std::string place, const Json& value, std::string detail);
  // A fault of the text as a whole.
  void Malformed(std::string detail);
  void Malformed(std::string detail, yaml::Position at);
  // A fault of `spec.parameters`, not of the document; `uses` are places that need the values.
  void MissingParameter(std::string detail, const std::vector<std::string>& uses);
  void Warn(std::string_view place, std::string_view text);
  // The parameter stands in `spec.parameters`, not in the document.
  void WarnOfParameter(std::string_view name, std::string_view text);
  // A warning about something that nothing acts on yet; `subject` as in Output::not_acted_on.
  void NotDone(std::string_view place, const std::string& subject, std::string_view text);

  const FieldErrors& errors() const { return errors_; }
  FieldErrors TakeErrors() { return std::move(errors_); }
  std::vector<std::string> TakeWarnings() { return std::move(warnings_); }
  std::map<std::string, std::vector<std::string>> TakeNotDone() { return std::move(not_done_); }

 private:
  void Add(FieldError error, std::string place);
  void Add(FieldError error, std::string place, std::optional<yaml::Position> at);

  SourceMap sources_;
  FieldErrors errors_;
  std::vector<std::string> warnings_;
  std::map<std::string, std::vector<std::string>> not_done_;
};

}  // namespace gantry::compose
