#include "apis/machinery/base/json_text.h"

#include <charconv>
#include <cstring>

namespace gantry {
namespace {

// Eight bytes at a time.
constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighs = 0x8080808080808080;

bool IsPlain(char c) {
  const auto b = static_cast<unsigned char>(c);
  return b >= 0x20 && b < 0x80 && c != '"' && c != '\\';
}

// How many bytes from the front stand in a JSON string as they are, by ASCII's rules.
size_t PlainLength(std::string_view text) {
  size_t n = 0;
  for (; n + 8 <= text.size(); n += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + n, 8);
    const uint64_t quote = word ^ (kOnes * '"');
    const uint64_t escape = word ^ (kOnes * '\\');
    const uint64_t found =
        word | (word - kOnes * 0x20) | ((quote - kOnes) & ~quote) | ((escape - kOnes) & ~escape);
    if ((found & kHighs) != 0) break;
  }
  while (n < text.size() && IsPlain(text[n])) ++n;
  return n;
}

// The library's own text, for whatever is rare.
std::string Dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void AppendEscape(char c, std::string* out) {
  switch (c) {
    case '"': *out += "\\\""; return;
    case '\\': *out += "\\\\"; return;
    case '\n': *out += "\\n"; return;
    case '\t': *out += "\\t"; return;
    case '\r': *out += "\\r"; return;
    case '\b': *out += "\\b"; return;
    case '\f': *out += "\\f"; return;
    default: break;
  }
  static constexpr char kDigits[] = "0123456789abcdef";
  *out += "\\u00";
  *out += kDigits[(c >> 4) & 15];
  *out += kDigits[c & 15];
}

template <typename Integer>
void AppendInteger(Integer value, std::string* out) {
  char digits[24];
  out->append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  const size_t begin = out->size();
  *out += '"';
  for (std::string_view rest = text;;) {
    const size_t plain = PlainLength(rest);
    out->append(rest.substr(0, plain));
    if (plain == rest.size()) break;
    const char c = rest[plain];
    if (static_cast<unsigned char>(c) >= 0x80) {  // may be no UTF-8
      out->resize(begin);
      *out += Dump(text);
      return;
    }
    AppendEscape(c, out);
    rest.remove_prefix(plain + 1);
  }
  *out += '"';
}

void AppendJson(const Json& value, std::string* out) {
  switch (value.type()) {
    case Json::value_t::null: *out += "null"; return;
    case Json::value_t::boolean: *out += value.get<bool>() ? "true" : "false"; return;
    case Json::value_t::number_integer: AppendInteger(value.get<int64_t>(), out); return;
    case Json::value_t::number_unsigned: AppendInteger(value.get<uint64_t>(), out); return;
    case Json::value_t::string: AppendJsonString(value.get_ref<const std::string&>(), out); return;
    case Json::value_t::array: {
      char separator = '[';
      for (const Json& item : value) {
        *out += separator;
        separator = ',';
        AppendJson(item, out);
      }
      *out += value.empty() ? "[]" : "]";
      return;
    }
    case Json::value_t::object: {
      char separator = '{';
      for (const auto& [key, member] : value.get_ref<const Json::object_t&>()) {
        *out += separator;
        separator = ',';
        AppendJsonString(key, out);
        *out += ':';
        AppendJson(member, out);
      }
      *out += value.empty() ? "{}" : "}";
      return;
    }
    default: *out += Dump(value); return;
  }
}

std::string DumpJson(const Json& value) {
  std::string out;
  AppendJson(value, &out);
  return out;
}

}  // namespace gantry
