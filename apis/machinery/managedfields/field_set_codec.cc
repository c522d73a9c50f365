#include <fmt/format.h>

#include <algorithm>

#include "apis/machinery/managedfields/field_set.h"
#include "apis/machinery/managedfields/wire.h"

// The two outward forms of a FieldSet: `fieldsV1` and the binary one of stored records.
namespace gantry::managedfields {
namespace {

using Child = FieldSet::Child;

// Paths of real objects are far shorter; deeper ones would only serve to exhaust the stack.
constexpr int kMaxDepth = 512;

constexpr char kSelf[] = ".";

Json ChildToJson(const Child& child) {
  Json json = FieldsToJson(child.below);
  if (child.member && child.below) json[kSelf] = Json::object();
  return json;
}

void AppendQuoted(std::string_view text, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  *out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      *out += "\\u00";
      *out += kHex[(c >> 4) & 0xf];
      *out += kHex[c & 0xf];
    } else {
      *out += c;
    }
  }
  *out += '"';
}

Error BadFields(const std::string& path, std::string_view what) {
  return Error(Code::kBadRequest, fmt::format("fieldsV1{}: {}", path, what));
}

// An element in the spelling that sets compare by: compact JSON, sorted keys.
Result<std::string> CanonicalElement(const std::string& element, const std::string& path) {
  const std::string_view kind = std::string_view(element).substr(0, 2);
  if (kind == "f:") return element;
  if (kind == "i:") {
    const bool digits =
        element.size() > 2 && element.find_first_not_of("0123456789", 2) == std::string::npos;
    if (!digits) return BadFields(path, fmt::format("\"{}\" is not an index", element));
    return element;
  }
  if (kind != "k:" && kind != "v:")
    return BadFields(path, fmt::format("\"{}\" begins with none of f:, k:, v:, i:", element));
  const auto json = ParseJson(std::string_view(element).substr(2));
  if (!json.ok() || (kind == "k:" && !json->is_object()))
    return BadFields(path, fmt::format("\"{}\" does not hold what it should in JSON", element));
  return std::string(kind) + DumpJson(*json);
}

Result<FieldSetPtr> FromJson(const Json& fields, const std::string& path, int depth) {
  if (!fields.is_object()) return BadFields(path, "must be an object");
  if (depth > kMaxDepth) return BadFields("", "is nested too deeply");
  std::vector<Child> children;
  children.reserve(fields.size());
  for (const auto& [key, value] : fields.items()) {
    if (key == kSelf) continue;  // read by the parent
    Child child;
    GANTRY_TRY_SET(child.element, CanonicalElement(key, path));
    GANTRY_TRY_SET(child.below, FromJson(value, path + "." + key, depth + 1));
    child.member = !child.below || value.contains(kSelf);
    children.push_back(std::move(child));
  }
  if (children.empty()) return FieldSetPtr();
  const auto by_element = [](const Child& a, const Child& b) { return a.element < b.element; };
  std::sort(children.begin(), children.end(), by_element);
  const auto twice =
      std::adjacent_find(children.begin(), children.end(),
                         [](const Child& a, const Child& b) { return a.element == b.element; });
  if (twice != children.end())
    return BadFields(path, fmt::format("\"{}\" is there twice", twice->element));
  return FieldSet::Make(std::move(children));
}

Result<FieldSetPtr> Decode(std::string_view* bytes, int depth) {
  if (depth > kMaxDepth) return wire::Corrupt();
  uint64_t count = 0;
  GANTRY_TRY(wire::TakeVarint(bytes, &count));
  if (count > bytes->size()) return wire::Corrupt();  // a child takes two bytes at least
  if (count == 0) return FieldSetPtr();
  std::vector<Child> children(count);
  for (size_t i = 0; i < count; ++i) {
    Child& c = children[i];
    uint64_t flags = 0;
    std::string_view element;
    GANTRY_TRY(wire::TakeVarint(bytes, &flags));
    GANTRY_TRY(wire::TakeText(bytes, &element));
    c.element = element;
    c.member = (flags & 1) != 0;
    if ((flags & 2) != 0) {
      GANTRY_TRY_SET(c.below, Decode(bytes, depth + 1));
    }
    const bool sorted = i == 0 || children[i - 1].element < c.element;
    if (flags > 3 || !sorted || (!c.member && !c.below)) return wire::Corrupt();
  }
  return FieldSet::Make(std::move(children));
}

}  // namespace

Json FieldsToJson(const FieldSetPtr& set) {
  Json json = Json::object();
  if (!set) return json;
  for (const Child& c : set->children()) json.emplace(c.element, ChildToJson(c));
  return json;
}

void AppendFieldsJson(const FieldSetPtr& set, std::string* out) {
  *out += '{';
  if (set) {
    bool first = true;
    for (const Child& c : set->children()) {
      if (!first) *out += ',';
      first = false;
      AppendQuoted(c.element, out);
      *out += ':';
      if (c.member && c.below) {
        *out += "{\".\":{},";
        // Takes the place of the brace that the recursion writes.
        const size_t brace = out->size();
        AppendFieldsJson(c.below, out);
        out->erase(brace, 1);
      } else {
        AppendFieldsJson(c.below, out);
      }
    }
  }
  *out += '}';
}

Result<FieldSetPtr> FieldsFromJson(const Json& fields) { return FromJson(fields, "", 0); }

void EncodeFields(const FieldSetPtr& set, std::string* out) {
  if (!set) return wire::PutVarint(0, out);
  wire::PutVarint(set->children().size(), out);
  for (const Child& c : set->children()) {
    wire::PutVarint((c.member ? 1u : 0u) | (c.below ? 2u : 0u), out);
    wire::PutText(c.element, out);
    if (c.below) EncodeFields(c.below, out);
  }
}

Result<FieldSetPtr> DecodeFields(std::string_view* bytes) { return Decode(bytes, 0); }

}  // namespace gantry::managedfields
