#include "apis/machinery/meta/selector.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "apis/machinery/meta/names.h"
#include "apis/machinery/meta/object.h"

namespace gantry {
namespace {

std::optional<int64_t> ToInt(std::string_view text) {
  int64_t v = 0;
  const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (err != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return v;
}

Error TooManyTerms() {
  return Error(Code::kBadRequest,
               fmt::format("invalid selector: it has more than {} terms", kMaxSelectorTerms));
}

}  // namespace

// A small recursive-descent parser of the grammar in Kubernetes' "Labels and Selectors" page.
class SelectorParser {
 public:
  explicit SelectorParser(std::string_view text) : text_(text) {}

  Result<LabelSelector> Parse() {
    LabelSelector out;
    Skip();
    if (rest().empty()) return out;
    while (true) {
      GANTRY_TRY_SET(LabelSelector::Requirement r, ParseRequirement());
      terms_ += std::max<size_t>(1, r.values.size());
      if (terms_ > kMaxSelectorTerms) return TooManyTerms();
      out.requirements_.push_back(std::move(r));
      Skip();
      if (rest().empty()) return out;
      if (!Take(",")) return Bad(fmt::format("found '{}', expected ',' or the end", Word()));
    }
  }

 private:
  using Op = LabelSelector::Op;

  Result<LabelSelector::Requirement> ParseRequirement() {
    Skip();
    LabelSelector::Requirement r;
    const bool negated = Take("!");
    Skip();
    r.key = Word();
    if (r.key.empty()) return Bad("found no label key");
    if (std::string why = ValidateQualifiedName(r.key); !why.empty())
      return Bad(fmt::format("key '{}': {}", r.key, why));
    Skip();
    if (negated) {
      r.op = Op::kNotExists;
      return r;
    }
    if (rest().empty() || rest()[0] == ',') {
      r.op = Op::kExists;
      return r;
    }
    if (Take("==") || Take("=")) r.op = Op::kEquals;
    else if (Take("!=")) r.op = Op::kNotEquals;
    else if (Take(">")) r.op = Op::kGreater;
    else if (Take("<")) r.op = Op::kLess;
    else {
      const std::string op = Word();
      if (op == "in") r.op = Op::kIn;
      else if (op == "notin") r.op = Op::kNotIn;
      else return Bad(fmt::format("found '{}', expected one of: in, notin, =, ==, !=, <, >", op));
      return ParseSet(std::move(r));
    }
    Skip();
    const std::string value = Word();
    if (std::string why = ValidateLabelValue(value); !why.empty())
      return Bad(fmt::format("value '{}': {}", value, why));
    if ((r.op == Op::kGreater || r.op == Op::kLess) && !ToInt(value))
      return Bad(fmt::format("value '{}': must be a whole number for < and >", value));
    r.values = {value};
    return r;
  }

  Result<LabelSelector::Requirement> ParseSet(LabelSelector::Requirement r) {
    Skip();
    if (!Take("(")) return Bad("expected '(' after in or notin");
    while (true) {
      Skip();
      const std::string value = Word();
      if (std::string why = ValidateLabelValue(value); !why.empty())
        return Bad(fmt::format("value '{}': {}", value, why));
      r.values.push_back(value);
      Skip();
      if (r.values.size() > kMaxSelectorTerms) return TooManyTerms();
      if (Take(")")) return r;
      if (!Take(",")) return Bad("expected ',' or ')' in a set");
    }
  }

  Error Bad(std::string why) const {
    return Error(Code::kBadRequest,
                 fmt::format("unable to parse requirement: selector '{}': {}", text_, why));
  }
  std::string_view rest() const { return text_.substr(pos_); }
  void Skip() {
    while (pos_ < text_.size() && (text_[pos_] == ' ' || text_[pos_] == '\t')) ++pos_;
  }
  bool Take(std::string_view token) {
    if (!rest().starts_with(token)) return false;
    pos_ += token.size();
    return true;
  }
  std::string Word() {
    const size_t start = pos_;
    while (pos_ < text_.size() &&
           std::string_view("=!<>(), \t").find(text_[pos_]) == std::string_view::npos)
      ++pos_;
    return std::string(text_.substr(start, pos_ - start));
  }

  std::string_view text_;
  size_t pos_ = 0;
  size_t terms_ = 0;
};

Result<LabelSelector> LabelSelector::Parse(std::string_view text) {
  return SelectorParser(text).Parse();
}

Result<LabelSelector> LabelSelector::FromJson(const Json& selector) {
  LabelSelector out = FromMap(GetStringMap(selector, "matchLabels"));
  for (const Json& e : GetArray(selector, "matchExpressions")) {
    Requirement r{GetString(e, "key"), Op::kExists, GetStrings(e, "values")};
    const std::string op = GetString(e, "operator");
    if (op == "In") r.op = Op::kIn;
    else if (op == "NotIn") r.op = Op::kNotIn;
    else if (op == "Exists") r.op = Op::kExists;
    else if (op == "DoesNotExist") r.op = Op::kNotExists;
    else
      return Error(Code::kBadRequest,
                   fmt::format("'{}' is not a valid label selector operator", op));
    out.requirements_.push_back(std::move(r));
  }
  return out;
}

LabelSelector LabelSelector::FromMap(const std::map<std::string, std::string>& labels) {
  LabelSelector out;
  for (const auto& [k, v] : labels) out.requirements_.push_back({k, Op::kEquals, {v}});
  return out;
}

bool LabelSelector::Requirement::Matches(const SelectorLookup& lookup) const {
  std::string_view value;
  const bool present = lookup(key, &value);
  const auto listed = [&] {
    return std::find(values.begin(), values.end(), value) != values.end();
  };
  switch (op) {
    case Op::kExists: return present;
    case Op::kNotExists: return !present;
    case Op::kEquals:
    case Op::kIn: return present && listed();
    case Op::kNotEquals:
    case Op::kNotIn: return !present || !listed();
    case Op::kGreater:
    case Op::kLess: {
      const auto have = present ? ToInt(value) : std::nullopt;
      if (!have) return false;
      const int64_t bound = *ToInt(values[0]);
      return op == Op::kGreater ? *have > bound : *have < bound;
    }
  }
  return false;
}

bool LabelSelector::Matches(const SelectorLookup& lookup) const {
  return std::all_of(requirements_.begin(), requirements_.end(),
                     [&](const Requirement& r) { return r.Matches(lookup); });
}

bool LabelSelector::Matches(const std::map<std::string, std::string>& labels) const {
  return Matches([&](std::string_view key, std::string_view* value) {
    const auto it = labels.find(std::string(key));
    if (it == labels.end()) return false;
    *value = it->second;
    return true;
  });
}

std::string LabelSelector::ToString() const {
  std::vector<std::string> parts;
  for (const Requirement& r : requirements_) {
    const std::string values = fmt::format("{}", fmt::join(r.values, ","));
    switch (r.op) {
      case Op::kExists: parts.push_back(r.key); break;
      case Op::kNotExists: parts.push_back("!" + r.key); break;
      case Op::kEquals: parts.push_back(r.key + "=" + values); break;
      case Op::kNotEquals: parts.push_back(r.key + "!=" + values); break;
      case Op::kIn: parts.push_back(r.key + " in (" + values + ")"); break;
      case Op::kNotIn: parts.push_back(r.key + " notin (" + values + ")"); break;
      case Op::kGreater: parts.push_back(r.key + ">" + values); break;
      case Op::kLess: parts.push_back(r.key + "<" + values); break;
    }
  }
  return fmt::format("{}", fmt::join(parts, ","));
}

namespace {

// Cuts the next term off; a comma behind a backslash is part of it.
std::string_view NextTerm(std::string_view* text) {
  size_t end = 0;
  while (end < text->size() && (*text)[end] != ',') end += (*text)[end] == '\\' ? 2 : 1;
  end = std::min(end, text->size());
  const std::string_view term = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return term;
}

// `\\`, `\,` and `\=` stand for the character itself.
Result<std::string> Unescape(std::string_view value) {
  std::string out;
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\') {
      ++i;
      if (i == value.size() || std::string_view("\\,=").find(value[i]) == std::string_view::npos) {
        return Error(Code::kBadRequest,
                     fmt::format("invalid field selector: invalid escape sequence in '{}'; a "
                                 "backslash may precede only \\, a comma and =",
                                 value));
      }
    } else if (value[i] == '=') {
      return Error(Code::kBadRequest,
                   fmt::format("invalid field selector: '{}' has a = without a backslash", value));
    }
    out += value[i];
  }
  return out;
}

}  // namespace

Result<FieldSelector> FieldSelector::Parse(std::string_view text) {
  FieldSelector out;
  while (!text.empty()) {
    const std::string_view term = NextTerm(&text);
    if (term.empty()) continue;
    const size_t eq = term.find('=');
    if (eq == std::string_view::npos || eq == 0)
      return Error(Code::kBadRequest,
                   fmt::format("invalid selector: '{}'; write field=value or field!=value", term));
    const bool equal = term[eq - 1] != '!';
    const std::string_view field = term.substr(0, equal ? eq : eq - 1);
    std::string_view value = term.substr(eq + 1);
    if (value.starts_with('=')) value.remove_prefix(1);
    if (out.terms_.size() == kMaxSelectorTerms) return TooManyTerms();
    GANTRY_TRY_SET(std::string plain, Unescape(value));
    out.terms_.push_back({std::string(field), std::move(plain), equal});
  }
  return out;
}

bool FieldSelector::Matches(
    const std::function<std::string(const std::string& field)>& value_of) const {
  return std::all_of(terms_.begin(), terms_.end(),
                     [&](const Term& t) { return (value_of(t.field) == t.value) == t.equal; });
}

const std::string* FieldSelector::RequiredName() const {
  for (const Term& t : terms_) {
    if (t.equal && t.field == "metadata.name") return &t.value;
  }
  return nullptr;
}

}  // namespace gantry
