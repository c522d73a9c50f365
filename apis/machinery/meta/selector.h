#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/json.h"

// Label and field selectors, as in `labelSelector=` and `fieldSelector=`.
namespace gantry {

// Looks a key up; false when it is absent, else the value is in *value.
using SelectorLookup = std::function<bool(std::string_view key, std::string_view* value)>;

// Terms of a selector, with each value of a set: everything that is listed is compared with them.
inline constexpr size_t kMaxSelectorTerms = 1000;

class LabelSelector {
 public:
  // `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>5,m<6`; the empty text selects all. kBadRequest
  // otherwise, and beyond kMaxSelectorTerms.
  static Result<LabelSelector> Parse(std::string_view text);
  // {matchLabels:{}, matchExpressions:[{key,operator,values}]}
  static Result<LabelSelector> FromJson(const Json& selector);
  static LabelSelector FromMap(const std::map<std::string, std::string>& labels);

  bool Matches(const SelectorLookup& lookup) const;
  bool Matches(const std::map<std::string, std::string>& labels) const;
  bool empty() const { return requirements_.empty(); }
  std::string ToString() const;

 private:
  enum class Op { kEquals, kNotEquals, kIn, kNotIn, kExists, kNotExists, kGreater, kLess };
  struct Requirement {
    std::string key;
    Op op;
    std::vector<std::string> values;
    bool Matches(const SelectorLookup& lookup) const;
  };
  std::vector<Requirement> requirements_;
  friend class SelectorParser;
};

class FieldSelector {
 public:
  struct Term {
    std::string field;  // metadata.name, spec.nodeName
    std::string value;
    bool equal;  // false: !=
  };
  // `metadata.name=x,spec.nodeName!=y`; the empty text selects all. kBadRequest otherwise, and
  // beyond kMaxSelectorTerms. Whether
  // a field is selectable is the kind's business.
  static Result<FieldSelector> Parse(std::string_view text);
  // A field without a value reads as the empty string.
  bool Matches(const std::function<std::string(const std::string& field)>& value_of) const;
  const std::vector<Term>& terms() const { return terms_; }
  bool empty() const { return terms_.empty(); }
  // The value that `metadata.name=` demands; null when it demands none.
  const std::string* RequiredName() const;

 private:
  std::vector<Term> terms_;
};

}  // namespace gantry
