#pragma once

#include <re2/re2.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apis/machinery/base/json.h"
#include "apis/machinery/meta/field_error.h"
#include "apis/machinery/schema/schema.h"

namespace gantry::schema {

// What a JSON value is called in schemas and messages: object, array, string, integer, number,
// boolean, null.
std::string_view TypeName(const Json& value);
// True for integers and for numbers without a fraction (`3.0`), as OpenAPI counts them.
bool IsIntegral(const Json& value);

// Which checks Rules::Check makes.
enum class Scope {
  kAll,       // every rule: explains what is wrong with a document
  kOwnRules,  // only what the JSON Schema validator is not given: patterns, formats, list types
};

// The validation rules of one place in a document, compiled from a structural schema. Errors read
// as kube-apiserver's. Immutable after Build; safe to recurse: as deep as the schema, not as the
// document.
class Rules {
 public:
  // REQUIRES: `schema` passed CheckStructural.
  static std::shared_ptr<const Rules> Build(const Json& schema);

  void Check(const Json& value, const std::string& path, Scope scope, FieldErrors* out) const;
  // True when Check with kOwnRules can find anything here or below.
  bool has_own_rules() const { return own_here_ || own_below_; }

 private:
  bool CheckType(const Json& value, const std::string& path, FieldErrors* out) const;
  void CheckEnum(const Json& value, const std::string& path, FieldErrors* out) const;
  void CheckNumber(const Json& value, const std::string& path, FieldErrors* out) const;
  void CheckString(const Json& value, const std::string& path, Scope scope, FieldErrors* out) const;
  void CheckObject(const Json& value, const std::string& path, Scope scope, FieldErrors* out) const;
  void CheckArray(const Json& value, const std::string& path, Scope scope, FieldErrors* out) const;
  void CheckListType(const Json& value, const std::string& path, FieldErrors* out) const;
  void CheckJunctors(const Json& value, const std::string& path, FieldErrors* out) const;
  void CheckEmbedded(const Json& value, const std::string& path, FieldErrors* out) const;
  bool Accepts(const Json& value) const;

  std::string type_;  // empty: any
  bool nullable_ = false;
  bool int_or_string_ = false;
  bool embedded_ = false;
  bool own_here_ = false;
  bool own_below_ = false;
  Json minimum_, maximum_, multiple_of_;  // null: none
  bool exclusive_minimum_ = false, exclusive_maximum_ = false;
  std::optional<size_t> min_length_, max_length_, min_items_, max_items_, min_properties_,
      max_properties_;
  bool unique_items_ = false;
  std::shared_ptr<const RE2> pattern_;
  std::string pattern_text_;
  std::string format_;
  Json enum_;  // null: none
  std::vector<std::string> required_;
  std::map<std::string, std::shared_ptr<const Rules>, std::less<>> properties_;
  std::shared_ptr<const Rules> additional_;
  std::shared_ptr<const Rules> items_;
  ListType list_type_ = ListType::kAtomic;
  std::vector<std::string> list_map_keys_;
  std::vector<std::shared_ptr<const Rules>> all_of_, any_of_, one_of_;
  std::shared_ptr<const Rules> not_;
};

// `parent.name`, or `name` under the root.
std::string ChildPath(const std::string& parent, std::string_view name);

}  // namespace gantry::schema
