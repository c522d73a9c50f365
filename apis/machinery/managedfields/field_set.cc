#include "apis/machinery/managedfields/field_set.h"

#include <algorithm>

#include "apis/machinery/base/check.h"

namespace gantry::managedfields {
namespace {

using Child = FieldSet::Child;

const std::vector<Child>& ChildrenOf(const FieldSetPtr& set) {
  static const std::vector<Child> none;
  return set ? set->children() : none;
}

void CollectPaths(const FieldSetPtr& set, std::vector<std::string>* path,
                  std::vector<std::vector<std::string>>* out) {
  for (const Child& c : ChildrenOf(set)) {
    path->push_back(c.element);
    if (c.member) out->push_back(*path);
    CollectPaths(c.below, path, out);
    path->pop_back();
  }
}

// Both differences: a member of `b` takes what is below it along, or does not.
FieldSetPtr Subtract(const FieldSetPtr& a, const FieldSetPtr& b, bool recursive) {
  if (!a || !b) return a;
  if (a == b) return nullptr;
  std::vector<Child> out;
  bool same = true;
  auto in_b = b->children().begin();
  const auto end_b = b->children().end();
  for (const Child& c : a->children()) {
    while (in_b != end_b && in_b->element < c.element) ++in_b;
    if (in_b == end_b || in_b->element != c.element) {
      out.push_back(c);
      continue;
    }
    if (recursive && in_b->member) {
      same = false;
      continue;
    }
    Child rest{c.element, c.member && !in_b->member, Subtract(c.below, in_b->below, recursive)};
    same = same && rest.member == c.member && rest.below == c.below;
    if (rest.member || rest.below) out.push_back(std::move(rest));
  }
  if (same) return a;
  return out.empty() ? nullptr : FieldSet::Make(std::move(out));
}

}  // namespace

bool FieldSet::Child::operator==(const Child& other) const {
  return member == other.member && element == other.element && Equal(below, other.below);
}

FieldSetPtr FieldSet::Make(std::vector<Child> children) {
  GANTRY_CHECK(!children.empty());
  return std::make_shared<const FieldSet>(std::move(children));
}

FieldSetPtr FieldSet::MakePruned(std::vector<Child> children) {
  std::erase_if(children, [](const Child& c) { return !c.member && !c.below; });
  return children.empty() ? nullptr : Make(std::move(children));
}

const Child* FieldSet::Find(std::string_view element) const {
  const auto it = std::lower_bound(
      children_.begin(), children_.end(), element,
      [](const Child& c, std::string_view e) { return std::string_view(c.element) < e; });
  return it != children_.end() && it->element == element ? &*it : nullptr;
}

bool Equal(const FieldSetPtr& a, const FieldSetPtr& b) {
  if (a == b) return true;
  return a && b && a->children() == b->children();
}

bool Contains(const FieldSetPtr& set, const std::vector<std::string>& path) {
  const FieldSet* at = set.get();
  const Child* child = nullptr;
  for (const std::string& element : path) {
    child = at ? at->Find(element) : nullptr;
    if (child == nullptr) return false;
    at = child->below.get();
  }
  return child != nullptr && child->member;
}

FieldSetPtr Union(const FieldSetPtr& a, const FieldSetPtr& b) {
  if (!b || a == b) return a;
  if (!a) return b;
  std::vector<Child> out;
  out.reserve(std::max(a->children().size(), b->children().size()));
  bool same = true;
  auto in_a = a->children().begin();
  auto in_b = b->children().begin();
  const auto end_a = a->children().end();
  const auto end_b = b->children().end();
  while (in_a != end_a || in_b != end_b) {
    if (in_b == end_b || (in_a != end_a && in_a->element < in_b->element)) {
      out.push_back(*in_a++);
    } else if (in_a == end_a || in_b->element < in_a->element) {
      out.push_back(*in_b++);
      same = false;
    } else {
      Child both{in_a->element, in_a->member || in_b->member, Union(in_a->below, in_b->below)};
      same = same && both.member == in_a->member && both.below == in_a->below;
      out.push_back(std::move(both));
      ++in_a;
      ++in_b;
    }
  }
  return same ? a : FieldSet::Make(std::move(out));
}

FieldSetPtr Intersection(const FieldSetPtr& a, const FieldSetPtr& b) {
  if (!a || !b) return nullptr;
  if (a == b) return a;
  std::vector<Child> out;
  bool same = true;
  auto in_b = b->children().begin();
  const auto end_b = b->children().end();
  for (const Child& c : a->children()) {
    while (in_b != end_b && in_b->element < c.element) ++in_b;
    if (in_b == end_b || in_b->element != c.element) {
      same = false;
      continue;
    }
    Child both{c.element, c.member && in_b->member, Intersection(c.below, in_b->below)};
    same = same && both.member == c.member && both.below == c.below;
    if (both.member || both.below) out.push_back(std::move(both));
  }
  if (same) return a;
  return out.empty() ? nullptr : FieldSet::Make(std::move(out));
}

FieldSetPtr Difference(const FieldSetPtr& a, const FieldSetPtr& b) {
  return Subtract(a, b, /*recursive=*/false);
}

FieldSetPtr RecursiveDifference(const FieldSetPtr& a, const FieldSetPtr& b) {
  return Subtract(a, b, /*recursive=*/true);
}

std::vector<std::vector<std::string>> Paths(const FieldSetPtr& set) {
  std::vector<std::vector<std::string>> out;
  std::vector<std::string> path;
  CollectPaths(set, &path, &out);
  return out;
}

}  // namespace gantry::managedfields
