#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/json.h"

namespace gantry::schema {

// The JSONPath subset of printer columns, selectable fields and `kubectl -o jsonpath`: fields,
// `['quoted']`, indexes, slices, `[*]`, and filters `[?(@.type=="Ready")]`. Immutable.
class JsonPath {
 public:
  // `.spec.replicas`, with or without braces. kInvalid when it does not parse.
  static Result<JsonPath> Parse(std::string_view text);
  // The matches, in document order; pointers into `document`.
  std::vector<const Json*> Find(const Json& document) const;
  // The matches as text, several joined by ','; the empty string for none.
  std::string FindText(const Json& document) const;
  const std::string& text() const { return text_; }

 private:
  struct Step {
    enum class Kind { kField, kIndex, kSlice, kAll, kFilter } kind;
    std::string field;      // kField; the filter's field path, dotted, for kFilter
    long from = 0, to = 0;  // kIndex: from; kSlice
    bool has_to = false;
    std::string op;  // kFilter: == != < <= > >=, or empty: exists
    Json operand;
  };
  std::string text_;
  std::vector<Step> steps_;
};

}  // namespace gantry::schema
