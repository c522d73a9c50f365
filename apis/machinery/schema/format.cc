#include "apis/machinery/schema/format.h"

#include <arpa/inet.h>
#include <re2/re2.h>

#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "apis/machinery/base/clock.h"

namespace gantry::schema {
namespace {

bool Matches(const std::string& text, const RE2& re) { return RE2::FullMatch(text, re); }

bool IsUuid(const std::string& text) {
  static const RE2 re("(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}");
  return Matches(text, re);
}

bool IsDate(const std::string& text) { return IsTime(text + "T00:00:00Z"); }

bool IsAddress(const std::string& text, int family) {
  unsigned char buffer[sizeof(in6_addr)];
  return inet_pton(family, text.c_str(), buffer) == 1;
}

bool IsCidr(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return false;
  static const RE2 digits("[0-9]{1,3}");
  const std::string address = text.substr(0, slash), bits = text.substr(slash + 1);
  if (!Matches(bits, digits)) return false;
  if (IsAddress(address, AF_INET)) return std::stoi(bits) <= 32;
  return IsAddress(address, AF_INET6) && std::stoi(bits) <= 128;
}

bool IsUri(const std::string& text) {
  static const RE2 re("[A-Za-z][A-Za-z0-9+.-]*:[^\\s]*|/[^\\s]*");
  return Matches(text, re);
}

bool IsEmail(const std::string& text) {
  static const RE2 re("[^@\\s]+@[^@\\s]+");
  return Matches(text, re);
}

bool IsHostname(const std::string& text) {
  static const RE2 re("[A-Za-z0-9]([A-Za-z0-9-]{0,62})?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,62})?)*\\.?");
  return text.size() <= 255 && Matches(text, re);
}

bool IsMac(const std::string& text) {
  static const RE2 re("(?i)[0-9a-f]{2}([:-][0-9a-f]{2}){5}");
  return Matches(text, re);
}

bool IsBase64(const std::string& text) {
  static const RE2 re("[A-Za-z0-9+/\r\n]*={0,2}");
  size_t significant = 0;
  for (const char c : text) significant += c != '\r' && c != '\n';
  return significant % 4 == 0 && Matches(text, re);
}

const std::map<std::string, std::function<bool(const std::string&)>, std::less<>>& Strings() {
  static const auto* const table =
      new std::map<std::string, std::function<bool(const std::string&)>, std::less<>>{
          {"date-time", [](const std::string& t) { return IsTime(t); }},
          {"date", IsDate},
          {"duration", [](const std::string& t) { return ParseDuration(t).ok(); }},
          {"uuid", IsUuid},
          {"uri", IsUri},
          {"email", IsEmail},
          {"hostname", IsHostname},
          {"ipv4", [](const std::string& t) { return IsAddress(t, AF_INET); }},
          {"ipv6", [](const std::string& t) { return IsAddress(t, AF_INET6); }},
          {"cidr", IsCidr},
          {"mac", IsMac},
          {"byte", IsBase64},
      };
  return *table;
}

bool InRange(const Json& value, double low, double high) {
  const double v = value.get<double>();
  return v >= low && v <= high;
}

}  // namespace

bool IsKnownFormat(std::string_view format) {
  return format == "int32" || format == "int64" || format == "float" ||
         Strings().find(format) != Strings().end();
}

bool CheckFormat(std::string_view format, const Json& value) {
  if (format.empty()) return true;
  if (value.is_number()) {
    if (format == "int32")
      return InRange(value, std::numeric_limits<int32_t>::min(),
                     std::numeric_limits<int32_t>::max());
    // 2^63 itself is already out, and the largest double below it is in.
    if (format == "int64")
      return !value.is_number_unsigned() ||
             value.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    if (format == "float")
      return InRange(value, std::numeric_limits<float>::lowest(),
                     std::numeric_limits<float>::max());
    return true;
  }
  if (!value.is_string()) return true;
  const auto it = Strings().find(format);
  return it == Strings().end() || it->second(value.get_ref<const std::string&>());
}

}  // namespace gantry::schema
