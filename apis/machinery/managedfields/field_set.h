#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/json.h"

namespace gantry::managedfields {

class FieldSet;
// A set is shared and immutable. Null is the empty set; no set that is not null is empty.
using FieldSetPtr = std::shared_ptr<const FieldSet>;

// A set of field paths as a trie. An element of a path is written as in `fieldsV1`: `f:name` for a
// member of a map, `k:{"name":"x"}` for an item of a list with keys, `v:"x"` for an item of a list
// that is a set. Immutable and so thread-safe; operations share what they do not change, and give
// back their first argument itself when the result equals it.
class FieldSet {
 public:
  struct Child {
    std::string element;
    bool member = false;  // the path that ends here is in the set
    FieldSetPtr below;    // the longer ones

    bool operator==(const Child& other) const;
  };

  // REQUIRES: `children` is not empty and strictly sorted by element; each is a member or has
  // something below.
  static FieldSetPtr Make(std::vector<Child> children);
  // The same for children that may be neither (they are left out) and may be none at all.
  static FieldSetPtr MakePruned(std::vector<Child> children);

  explicit FieldSet(std::vector<Child> children) : children_(std::move(children)) {}

  const std::vector<Child>& children() const { return children_; }
  // Null when there is none.
  const Child* Find(std::string_view element) const;

 private:
  std::vector<Child> children_;
};

bool Equal(const FieldSetPtr& a, const FieldSetPtr& b);
bool Contains(const FieldSetPtr& set, const std::vector<std::string>& path);
FieldSetPtr Union(const FieldSetPtr& a, const FieldSetPtr& b);
FieldSetPtr Intersection(const FieldSetPtr& a, const FieldSetPtr& b);
// The paths of `a` that are not in `b`.
FieldSetPtr Difference(const FieldSetPtr& a, const FieldSetPtr& b);
// The paths of `a` that neither are in `b` nor continue a path of `b`.
FieldSetPtr RecursiveDifference(const FieldSetPtr& a, const FieldSetPtr& b);
// Every path, in order.
std::vector<std::vector<std::string>> Paths(const FieldSetPtr& set);

// The `fieldsV1` object; an empty object for the empty set.
Json FieldsToJson(const FieldSetPtr& set);
// The same as text, appended.
void AppendFieldsJson(const FieldSetPtr& set, std::string* out);
// kBadRequest, naming the path, when it is no `fieldsV1` object.
Result<FieldSetPtr> FieldsFromJson(const Json& fields);

// The compact binary form, appended.
void EncodeFields(const FieldSetPtr& set, std::string* out);
// Takes a set off the front of `*bytes`; kDataLoss when it does not decode.
Result<FieldSetPtr> DecodeFields(std::string_view* bytes);

}  // namespace gantry::managedfields
