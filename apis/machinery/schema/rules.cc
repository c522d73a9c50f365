#include "apis/machinery/schema/rules.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "apis/machinery/schema/format.h"
#include "apis/machinery/schema/keywords.h"

namespace gantry::schema {
namespace {

// A long list of bad items is not answered by a longer list of errors.
constexpr size_t kMaxErrors = 100;

std::optional<size_t> Bound(const Json& schema, const char* key) {
  const Json* v = Find(schema, key);
  if (!v || !v->is_number_integer()) return std::nullopt;
  return v->get<int64_t>() < 0 ? 0 : static_cast<size_t>(v->get<int64_t>());
}

Json Number(const Json& schema, const char* key) {
  const Json* v = Find(schema, key);
  return v ? *v : Json();
}

std::vector<std::shared_ptr<const Rules>> BuildAll(const Json& schema, const char* key) {
  std::vector<std::shared_ptr<const Rules>> out;
  if (const Json* list = Find(schema, key))
    for (const Json& sub : *list) out.push_back(Rules::Build(sub));
  return out;
}

// Unicode code points; the bytes of invalid UTF-8 count by their leading bytes.
size_t CodePoints(const std::string& text) {
  size_t n = 0;
  for (const char c : text) n += (c & 0xC0) != 0x80;
  return n;
}

std::string NumberText(const Json& number) {
  if (number.is_number_float() && IsIntegral(number) && std::abs(number.get<double>()) < 1e15)
    return std::to_string(number.get<int64_t>());
  return DumpJson(number);
}

}  // namespace

std::string_view TypeName(const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: return "object";
    case Json::value_t::array: return "array";
    case Json::value_t::string: return "string";
    case Json::value_t::boolean: return "boolean";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: return "integer";
    case Json::value_t::number_float: return "number";
    default: return "null";
  }
}

bool IsIntegral(const Json& value) {
  if (value.is_number_integer()) return true;
  return value.is_number_float() && std::floor(value.get<double>()) == value.get<double>();
}

std::string ChildPath(const std::string& parent, std::string_view name) {
  return parent.empty() ? std::string(name) : parent + "." + std::string(name);
}

std::shared_ptr<const Rules> Rules::Build(const Json& schema) {
  auto r = std::make_shared<Rules>();
  r->type_ = GetString(schema, "type");
  r->nullable_ = Flag(schema, "nullable");
  r->int_or_string_ = Flag(schema, "x-kubernetes-int-or-string");
  r->embedded_ = Flag(schema, "x-kubernetes-embedded-resource");
  r->minimum_ = Number(schema, "minimum");
  r->maximum_ = Number(schema, "maximum");
  r->multiple_of_ = Number(schema, "multipleOf");
  r->exclusive_minimum_ = Flag(schema, "exclusiveMinimum");
  r->exclusive_maximum_ = Flag(schema, "exclusiveMaximum");
  r->min_length_ = Bound(schema, "minLength");
  r->max_length_ = Bound(schema, "maxLength");
  r->min_items_ = Bound(schema, "minItems");
  r->max_items_ = Bound(schema, "maxItems");
  r->min_properties_ = Bound(schema, "minProperties");
  r->max_properties_ = Bound(schema, "maxProperties");
  r->unique_items_ = Flag(schema, "uniqueItems");
  r->pattern_text_ = GetString(schema, "pattern");
  if (!r->pattern_text_.empty())
    r->pattern_ = std::make_shared<const RE2>(r->pattern_text_, RE2::Quiet);
  r->format_ = GetString(schema, "format");
  r->enum_ = Number(schema, "enum");
  r->required_ = GetStrings(schema, "required");
  r->list_map_keys_ = GetStrings(schema, "x-kubernetes-list-map-keys");
  const std::string list_type = GetString(schema, "x-kubernetes-list-type");
  if (list_type == "set") r->list_type_ = ListType::kSet;
  if (list_type == "map") r->list_type_ = ListType::kMap;
  r->own_here_ = r->pattern_ || IsKnownFormat(r->format_) || r->embedded_ ||
                 r->list_type_ != ListType::kAtomic;

  const auto child = [&r](const Json& sub) {
    auto c = Build(sub);
    r->own_below_ |= c->has_own_rules();
    return c;
  };
  if (const Json* props = Find(schema, "properties"))
    for (const auto& [name, sub] : props->items()) r->properties_[name] = child(sub);
  if (const Json* additional = Find(schema, "additionalProperties"))
    if (additional->is_object()) r->additional_ = child(*additional);
  if (const Json* items = Find(schema, "items")) r->items_ = child(*items);
  r->all_of_ = BuildAll(schema, "allOf");
  r->any_of_ = BuildAll(schema, "anyOf");
  r->one_of_ = BuildAll(schema, "oneOf");
  if (const Json* negated = Find(schema, "not")) r->not_ = Build(*negated);
  // A junctor over patterns or formats cannot be judged without them; see judge.cc.
  for (const auto* list : {&r->all_of_, &r->any_of_, &r->one_of_})
    for (const auto& sub : *list) r->own_here_ |= sub->has_own_rules();
  r->own_here_ |= r->not_ && r->not_->has_own_rules();
  return r;
}

bool Rules::Accepts(const Json& value) const {
  FieldErrors errors;
  Check(value, "", Scope::kAll, &errors);
  return errors.empty();
}

void Rules::Check(const Json& value, const std::string& path, Scope scope, FieldErrors* out) const {
  if (scope == Scope::kOwnRules && !has_own_rules()) return;
  if (out->size() >= kMaxErrors) return;
  if (value.is_null() && nullable_) return;
  if (scope == Scope::kAll) {
    if (!CheckType(value, path, out)) return;  // what follows would only repeat it
    CheckEnum(value, path, out);
    if (value.is_number()) CheckNumber(value, path, out);
  }
  if (own_here_ && !CheckFormat(format_, value)) {
    out->push_back(
        Invalid(path, value,
                fmt::format("{} in body must be of type {}: {}", path, format_,
                            value.is_string() ? DumpJson(value) : "\"" + DumpJson(value) + "\"")));
  }
  if (value.is_string()) CheckString(value, path, scope, out);
  if (value.is_array()) CheckArray(value, path, scope, out);
  if (value.is_object()) CheckObject(value, path, scope, out);
  if (scope == Scope::kAll || own_here_) CheckJunctors(value, path, out);
}

bool Rules::CheckType(const Json& value, const std::string& path, FieldErrors* out) const {
  std::string want = type_;
  bool ok = true;
  if (int_or_string_) {
    want = "integer,string";
    ok = value.is_string() || value.is_number_integer();
  } else if (type_ == "integer") {
    ok = value.is_number_integer();
  } else if (type_ == "number") {
    ok = value.is_number();
  } else if (!type_.empty()) {
    ok = TypeName(value) == type_;
  }
  if (!ok)
    out->push_back(TypeInvalid(
        path, value,
        fmt::format("{} in body must be of type {}: \"{}\"", path, want, TypeName(value))));
  return ok;
}

void Rules::CheckEnum(const Json& value, const std::string& path, FieldErrors* out) const {
  if (enum_.is_null()) return;
  std::vector<std::string> allowed;
  for (const Json& v : enum_) {
    if (v == value) return;
    allowed.push_back(v.is_string() ? v.get<std::string>() : DumpJson(v));
  }
  out->push_back(NotSupported(path, value, allowed));
}

void Rules::CheckNumber(const Json& value, const std::string& path, FieldErrors* out) const {
  const auto fail = [&](const char* rule, const Json& bound) {
    out->push_back(Invalid(
        path, value, fmt::format("{} in body should be {} {}", path, rule, NumberText(bound))));
  };
  if (!minimum_.is_null()) {
    if (exclusive_minimum_ && !(value > minimum_)) fail("greater than", minimum_);
    if (!exclusive_minimum_ && value < minimum_) fail("greater than or equal to", minimum_);
  }
  if (!maximum_.is_null()) {
    if (exclusive_maximum_ && !(value < maximum_)) fail("less than", maximum_);
    if (!exclusive_maximum_ && value > maximum_) fail("less than or equal to", maximum_);
  }
  if (!multiple_of_.is_null()) {
    const double ratio = value.get<double>() / multiple_of_.get<double>();
    if (std::abs(ratio - std::round(ratio)) > 1e-9) fail("a multiple of", multiple_of_);
  }
}

void Rules::CheckString(const Json& value, const std::string& path, Scope scope,
                        FieldErrors* out) const {
  const auto& text = value.get_ref<const std::string&>();
  if (scope == Scope::kAll && (min_length_ || max_length_)) {
    const size_t length = CodePoints(text);
    if (max_length_ && length > *max_length_) out->push_back(TooLong(path, *max_length_));
    if (min_length_ && length < *min_length_)
      out->push_back(
          Invalid(path, value,
                  fmt::format("{} in body should be at least {} chars long", path, *min_length_)));
  }
  if (pattern_ && !RE2::PartialMatch(text, *pattern_))
    out->push_back(
        Invalid(path, value, fmt::format("{} in body should match '{}'", path, pattern_text_)));
}

void Rules::CheckObject(const Json& value, const std::string& path, Scope scope,
                        FieldErrors* out) const {
  if (scope == Scope::kAll) {
    for (const std::string& name : required_)
      if (!value.contains(name)) out->push_back(Required(ChildPath(path, name), ""));
    if (max_properties_ && value.size() > *max_properties_)
      out->push_back(TooMany(path, value.size(), *max_properties_));
    if (min_properties_ && value.size() < *min_properties_)
      out->push_back(Invalid(
          path, value,
          fmt::format("{} in body should have at least {} properties", path, *min_properties_)));
  }
  if (embedded_) CheckEmbedded(value, path, out);
  if (scope == Scope::kOwnRules && !own_below_) return;
  for (const auto& [name, member] : value.items()) {
    const auto it = properties_.find(name);
    const Rules* sub = it != properties_.end() ? it->second.get() : additional_.get();
    if (sub) sub->Check(member, ChildPath(path, name), scope, out);
  }
}

void Rules::CheckArray(const Json& value, const std::string& path, Scope scope,
                       FieldErrors* out) const {
  if (scope == Scope::kAll) {
    if (max_items_ && value.size() > *max_items_)
      out->push_back(TooMany(path, value.size(), *max_items_));
    if (min_items_ && value.size() < *min_items_)
      out->push_back(Invalid(
          path, value, fmt::format("{} in body should have at least {} items", path, *min_items_)));
  }
  if (items_ && (scope == Scope::kAll || items_->has_own_rules())) {
    for (size_t i = 0; i < value.size(); ++i)
      items_->Check(value[i], fmt::format("{}[{}]", path, i), scope, out);
  }
  if (list_type_ != ListType::kAtomic || unique_items_) CheckListType(value, path, out);
}

void Rules::CheckListType(const Json& value, const std::string& path, FieldErrors* out) const {
  std::set<Json> seen;
  for (size_t i = 0; i < value.size() && out->size() < kMaxErrors; ++i) {
    Json key = value[i];
    if (list_type_ == ListType::kMap) {
      if (!key.is_object()) continue;  // the type rule says so
      key = Json::object();
      for (const std::string& name : list_map_keys_)
        if (value[i].contains(name)) key[name] = value[i][name];
    }
    if (!seen.insert(key).second) out->push_back(Duplicate(fmt::format("{}[{}]", path, i), key));
  }
}

void Rules::CheckEmbedded(const Json& value, const std::string& path, FieldErrors* out) const {
  for (const char* name : {"apiVersion", "kind"}) {
    const Json* v = Find(value, name);
    if (!v) {
      out->push_back(Required(ChildPath(path, name), "must not be empty"));
    } else if (!v->is_string()) {
      out->push_back(TypeInvalid(ChildPath(path, name), *v,
                                 fmt::format("{} in body must be of type string: \"{}\"",
                                             ChildPath(path, name), TypeName(*v))));
    } else if (v->get_ref<const std::string&>().empty()) {
      out->push_back(Required(ChildPath(path, name), "must not be empty"));
    }
  }
  if (const Json* meta = Find(value, "metadata"); meta && !meta->is_object())
    out->push_back(TypeInvalid(ChildPath(path, "metadata"), *meta,
                               fmt::format("{} in body must be of type object: \"{}\"",
                                           ChildPath(path, "metadata"), TypeName(*meta))));
}

void Rules::CheckJunctors(const Json& value, const std::string& path, FieldErrors* out) const {
  const auto fail = [&](const std::string& rule) {
    out->push_back(Invalid(path, value, fmt::format("\"{}\" must {}", path, rule)));
  };
  // Branches of allOf name their own fields; kAll, so that a pattern inside them is seen in both
  // scopes.
  const size_t before = out->size();
  for (const auto& sub : all_of_) sub->Check(value, path, Scope::kAll, out);
  if (out->size() > before) fail("validate all the schemas (allOf)");
  const auto count = [&value](const std::vector<std::shared_ptr<const Rules>>& subs) {
    size_t n = 0;
    for (const auto& sub : subs) n += sub->Accepts(value);
    return n;
  };
  if (!any_of_.empty() && count(any_of_) == 0) fail("validate at least one schema (anyOf)");
  if (!one_of_.empty()) {
    const size_t n = count(one_of_);
    if (n == 0) fail("validate one and only one schema (oneOf). Found none valid");
    if (n > 1)
      fail(fmt::format("validate one and only one schema (oneOf). Found {} valid alternatives", n));
  }
  if (not_ && not_->Accepts(value)) fail("not validate the schema (not)");
}

}  // namespace gantry::schema
