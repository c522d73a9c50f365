#include "apis/machinery/schema/json_path.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

namespace gantry::schema {
namespace {

// Reads a path from left to right; the first fault stays in `error`.
struct Scanner {
  std::string_view rest;
  std::string error;

  bool Eat(std::string_view text) {
    if (rest.substr(0, text.size()) != text) return false;
    rest.remove_prefix(text.size());
    return true;
  }
  void Spaces() {
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  }
  void Fail(std::string why) {
    if (error.empty()) error = std::move(why);
  }
  // A field name after a dot: everything up to the next structural character; `\` escapes one.
  std::string Name(std::string_view stop) {
    std::string out;
    while (!rest.empty() && stop.find(rest.front()) == std::string_view::npos) {
      if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
      out += rest.front();
      rest.remove_prefix(1);
    }
    return out;
  }
  std::string Quoted() {
    const char quote = rest.front();
    rest.remove_prefix(1);
    std::string out;
    while (!rest.empty() && rest.front() != quote) {
      if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
      out += rest.front();
      rest.remove_prefix(1);
    }
    if (rest.empty()) Fail("unterminated quote");
    if (!rest.empty()) rest.remove_prefix(1);
    return out;
  }
  bool AtQuote() const { return !rest.empty() && (rest.front() == '\'' || rest.front() == '"'); }
  bool Number(long* out) {
    const auto r = std::from_chars(rest.data(), rest.data() + rest.size(), *out);
    if (r.ec != std::errc() || r.ptr == rest.data()) return false;
    rest.remove_prefix(static_cast<size_t>(r.ptr - rest.data()));
    return true;
  }
};

// Follows a dotted path from `value`; null when it leads nowhere. Dots in names are escaped by `\`.
const Json* Follow(const Json* value, std::string_view path) {
  Scanner scan{path, ""};
  while (value && !scan.rest.empty()) {
    scan.Eat(".");
    const std::string name = scan.Name(".");
    if (!value->is_object()) return nullptr;
    const auto it = value->find(name);
    value = it == value->end() ? nullptr : &*it;
  }
  return value;
}

bool Compare(const Json& left, const std::string& op, const Json& right) {
  if (op == "==") return left == right;
  if (op == "!=") return left != right;
  // Order exists between two numbers or two strings only.
  if (!(left.is_number() && right.is_number()) && !(left.is_string() && right.is_string()))
    return false;
  if (op == "<") return left < right;
  if (op == "<=") return left <= right;
  if (op == ">") return left > right;
  return left >= right;
}

}  // namespace

Result<JsonPath> JsonPath::Parse(std::string_view text) {
  using Kind = Step::Kind;
  JsonPath out;
  out.text_ = std::string(text);
  Scanner scan{text, ""};
  if (scan.Eat("{")) {
    if (scan.rest.empty() || scan.rest.back() != '}') scan.Fail("missing closing brace");
    if (!scan.rest.empty()) scan.rest.remove_suffix(1);
  }
  scan.Eat("$");
  bool first = true;
  while (!scan.rest.empty() && scan.error.empty()) {
    Step step{};
    if (scan.Eat("..")) {
      scan.Fail("recursive descent is not supported");
    } else if (scan.Eat("[?(")) {
      step.kind = Kind::kFilter;
      scan.Spaces();
      if (!scan.Eat("@")) scan.Fail("a filter must start with @");
      while (!scan.rest.empty() &&
             std::string_view(" =!<>)").find(scan.rest.front()) == std::string_view::npos) {
        if (scan.rest.front() == '\\' && scan.rest.size() > 1) {
          step.field += '\\';
          scan.rest.remove_prefix(1);
        }
        step.field += scan.rest.front();
        scan.rest.remove_prefix(1);
      }
      scan.Spaces();
      for (const char* op : {"==", "!=", "<=", ">=", "<", ">"}) {
        if (!scan.Eat(op)) continue;
        step.op = op;
        break;
      }
      if (!step.op.empty()) {
        scan.Spaces();
        if (scan.AtQuote()) {
          step.operand = scan.Quoted();
        } else {
          const std::string literal = scan.Name(" )");
          step.operand = Json::parse(literal, nullptr, /*allow_exceptions=*/false);
          if (literal.empty() || step.operand.is_discarded() || step.operand.is_structured())
            scan.Fail(fmt::format("\"{}\" is no string, number, true, false or null", literal));
        }
        scan.Spaces();
      }
      if (!scan.Eat(")]")) scan.Fail("a filter must end with )]");
    } else if (scan.Eat("[*]") || scan.Eat(".*")) {
      step.kind = Kind::kAll;
    } else if (scan.Eat("[")) {
      if (scan.AtQuote()) {
        step.kind = Kind::kField;
        step.field = scan.Quoted();
      } else {
        step.kind = Kind::kIndex;
        const bool has_from = scan.Number(&step.from);
        if (scan.Eat(":")) {
          step.kind = Kind::kSlice;
          step.has_to = scan.Number(&step.to);
        } else if (!has_from) {
          scan.Fail("an index, a slice, a quoted name, * or a filter must follow [");
        }
      }
      if (!scan.Eat("]")) scan.Fail("missing closing bracket");
    } else if (scan.Eat(".") || first) {
      step.kind = Kind::kField;
      step.field = scan.Name(".[]{}");
      // A lone `.` is the whole document.
      if (step.field.empty() && first && scan.rest.empty()) break;
      if (step.field.empty() && scan.rest.substr(0, 1) == "[" && first) {
        first = false;
        continue;
      }
      if (step.field.empty()) scan.Fail("a field name must follow the dot");
    } else {
      scan.Fail(fmt::format("unexpected '{}'", scan.rest.front()));
    }
    out.steps_.push_back(std::move(step));
    first = false;
  }
  if (text.empty()) scan.Fail("must not be empty");
  if (!scan.error.empty())
    return Error(Code::kInvalid, fmt::format("JSONPath \"{}\": {}", text, scan.error));
  return out;
}

std::vector<const Json*> JsonPath::Find(const Json& document) const {
  using Kind = Step::Kind;
  std::vector<const Json*> now = {&document};
  for (const Step& step : steps_) {
    std::vector<const Json*> next;
    for (const Json* value : now) {
      if (step.kind == Kind::kField) {
        if (!value->is_object()) continue;
        if (const auto it = value->find(step.field); it != value->end()) next.push_back(&*it);
      } else if (step.kind == Kind::kAll) {
        if (value->is_structured())
          for (const Json& v : *value) next.push_back(&v);
      } else if (value->is_array()) {
        const long size = static_cast<long>(value->size());
        const auto absolute = [size](long i) { return i < 0 ? i + size : i; };
        if (step.kind == Kind::kIndex) {
          const long i = absolute(step.from);
          if (i >= 0 && i < size) next.push_back(&(*value)[static_cast<size_t>(i)]);
        } else if (step.kind == Kind::kSlice) {
          const long end = step.has_to ? std::min(absolute(step.to), size) : size;
          for (long i = std::max(absolute(step.from), 0L); i < end; ++i)
            next.push_back(&(*value)[static_cast<size_t>(i)]);
        } else {
          for (const Json& item : *value) {
            const Json* left = Follow(&item, step.field);
            if (left && (step.op.empty() || Compare(*left, step.op, step.operand)))
              next.push_back(&item);
          }
        }
      }
    }
    now = std::move(next);
  }
  return now;
}

std::string JsonPath::FindText(const Json& document) const {
  std::vector<std::string> parts;
  for (const Json* v : Find(document))
    parts.push_back(v->is_string() ? v->get<std::string>() : DumpJson(*v));
  return fmt::format("{}", fmt::join(parts, ","));
}

}  // namespace gantry::schema
