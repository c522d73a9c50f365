#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "apis/machinery/yaml/yaml.h"

namespace gantry::yaml {
namespace {

// Words that older YAML parsers read as booleans: quoted, so that every reader sees a string.
constexpr std::array<std::string_view, 8> kOldBooleans = {"y",  "n",   "yes", "no",
                                                          "on", "off", "=",   "<<"};

// What JSON writes as it is and readers of YAML drop, refuse, or take for the end of a line.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kEscapes = {
    {{"\x7F", "\\u007f"},
     {"\xC2\x85", "\\u0085"},
     {"\xE2\x80\xA8", "\\u2028"},
     {"\xE2\x80\xA9", "\\u2029"},
     {"\xEF\xBB\xBF", "\\ufeff"}}};

bool NeedsEscapes(const std::string& s) {
  const bool control = std::any_of(
      s.begin(), s.end(), [](unsigned char c) { return c < 0x20 && c != '\n' && c != '\t'; });
  return control || std::any_of(kEscapes.begin(), kEscapes.end(), [&](const auto& escape) {
           return s.find(escape.first) != std::string::npos;
         });
}

// True when the string, written without quotes, is read back as itself.
bool IsPlainSafe(const std::string& s) {
  constexpr std::string_view kIndicators = "-?:,[]{}#&*!|>'\"%@`";
  if (s.front() == ' ' || s.back() == ' ' || s.back() == ':') return false;
  if (kIndicators.find(s.front()) != std::string_view::npos) {
    const bool word = (s.front() == '-' || s.front() == '?' || s.front() == ':') && s.size() > 1 &&
                      s[1] != ' ' && s != "---" && s.rfind("--- ", 0) != 0;
    if (!word) return false;
  }
  if (s.rfind("...", 0) == 0) return false;
  if (s.find_first_of("\t\n") != std::string::npos) return false;
  return s.find(": ") == std::string::npos && s.find(" #") == std::string::npos;
}

// 2026-01-02, alone or with a time: older YAML parsers make a time stamp of it.
bool LooksLikeDate(const std::string& s) {
  constexpr std::string_view kForm = "0000-00-00";
  if (s.size() < kForm.size()) return false;
  for (size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == '-' ? s[i] != '-' : !isdigit(static_cast<unsigned char>(s[i]))) return false;
  }
  return s.size() == kForm.size() || s[10] == 'T' || s[10] == 't' || s[10] == ' ';
}

// True when a reader would take the unquoted text for something other than a string.
bool ReadsAsOther(const std::string& s) {
  if (LooksLikeDate(s)) return true;
  const Result<Json> value = ResolvePlainScalar(s);
  if (!value.ok() || !value->is_string()) return true;
  std::string lower = s;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return tolower(c); });
  return std::find(kOldBooleans.begin(), kOldBooleans.end(), lower) != kOldBooleans.end();
}

std::string SingleQuoted(const std::string& s) {
  std::string out = "'";
  for (char c : s) {
    out += c;
    if (c == '\'') out += c;
  }
  return out + "'";
}

// The JSON form, which YAML reads too, with more escapes.
std::string DoubleQuoted(const std::string& s) {
  std::string out = DumpJson(s);
  for (const auto& [raw, escaped] : kEscapes) {
    for (size_t at = out.find(raw); at != std::string::npos; at = out.find(raw, at))
      out.replace(at, raw.size(), escaped);
  }
  return out;
}

class Emitter {
 public:
  std::string Finish(const Json& value) {
    if (IsBlock(value)) {
      Block(value, 0);
    } else {
      Scalar(value, 0);
    }
    return std::move(out_);
  }

 private:
  static bool IsBlock(const Json& v) { return v.is_structured() && !v.empty(); }

  // Writes a map or a list whose first line continues the current one; the others are indented.
  void Block(const Json& value, int indent) {
    bool first = true;
    if (value.is_array()) {
      for (const Json& item : value) {
        if (!std::exchange(first, false)) out_.append(indent, ' ');
        out_ += "- ";
        Nested(item, indent + 2);
      }
      return;
    }
    for (const auto& item : value.items()) {
      if (!std::exchange(first, false)) out_.append(indent, ' ');
      out_ += Key(item.key());
      out_ += ':';
      if (IsBlock(item.value())) {
        const int inner = item.value().is_array() ? indent : indent + 2;
        out_ += '\n';
        out_.append(inner, ' ');
        Block(item.value(), inner);
      } else {
        out_ += ' ';
        Scalar(item.value(), indent + 2);
      }
    }
  }

  void Nested(const Json& item, int indent) {
    if (IsBlock(item)) {
      Block(item, indent);
    } else {
      Scalar(item, indent);
    }
  }

  static std::string Key(const std::string& key) {
    if (key.find('\n') != std::string::npos) return DoubleQuoted(key);
    return Text(key);
  }

  // A string of one line.
  static std::string Text(const std::string& s) {
    if (s.empty()) return "\"\"";
    if (NeedsEscapes(s)) return DoubleQuoted(s);
    if (ReadsAsOther(s)) return DoubleQuoted(s);
    if (IsPlainSafe(s)) return s;
    return s.find('\t') == std::string::npos ? SingleQuoted(s) : DoubleQuoted(s);
  }

  void Scalar(const Json& value, int indent) {
    if (!value.is_string()) {
      out_ += DumpJson(value) + "\n";
      return;
    }
    const auto& s = value.get_ref<const std::string&>();
    if (s.find('\n') == std::string::npos) {
      out_ += Text(s) + "\n";
    } else if (NeedsEscapes(s) || s.back() == ' ' || s.find_first_not_of(" \t\n") != 0) {
      out_ +=
          DoubleQuoted(s) + "\n";  // a block's first line decides its indentation: keep it plain
    } else {
      Literal(s, indent);
    }
  }

  void Literal(const std::string& s, int indent) {
    const size_t text_end = s.find_last_not_of('\n') + 1;
    const size_t newlines = s.size() - text_end;
    out_ += newlines == 0 ? "|-\n" : newlines == 1 ? "|\n" : "|+\n";
    size_t from = 0;
    while (from < s.size()) {
      size_t end = s.find('\n', from);
      if (end == std::string::npos) end = s.size();
      if (end > from) out_.append(std::max(indent, 2), ' ').append(s, from, end - from);
      out_ += '\n';
      from = end + 1;
    }
  }

  std::string out_;
};

}  // namespace

std::string ToYaml(const Json& value) { return Emitter().Finish(value); }

}  // namespace gantry::yaml
