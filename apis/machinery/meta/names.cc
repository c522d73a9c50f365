#include "apis/machinery/meta/names.h"

#include <algorithm>

namespace gantry {
namespace {

constexpr const char* kLabelRule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must "
    "start and end with an alphanumeric character (e.g. 'my-name', or '123-abc')";
constexpr const char* kSubdomainRule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', "
    "and must start and end with an alphanumeric character (e.g. 'example.com')";

bool LowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool Alphanumeric(char c) { return LowerOrDigit(c) || (c >= 'A' && c <= 'Z'); }

bool IsLabelShaped(std::string_view text) {
  return !text.empty() && LowerOrDigit(text.front()) && LowerOrDigit(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return LowerOrDigit(c) || c == '-'; });
}

bool IsNameShaped(std::string_view text) {
  return !text.empty() && Alphanumeric(text.front()) && Alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return Alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

}  // namespace

std::string ValidateDnsLabel(std::string_view text) {
  if (text.size() > 63) return "must be no more than 63 characters";
  return IsLabelShaped(text) ? "" : kLabelRule;
}

std::string ValidateDnsSubdomain(std::string_view text) {
  if (text.size() > 253) return "must be no more than 253 characters";
  std::string_view rest = text;
  while (true) {
    const size_t dot = rest.find('.');
    if (!IsLabelShaped(rest.substr(0, dot))) return kSubdomainRule;
    if (dot == std::string_view::npos) return "";
    rest.remove_prefix(dot + 1);
  }
}

std::string ValidateQualifiedName(std::string_view text) {
  std::string_view name = text;
  if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::string why = ValidateDnsSubdomain(text.substr(0, slash));
    if (!why.empty()) return "prefix part " + why;
    name = text.substr(slash + 1);
  }
  if (name.empty()) return "name part must be non-empty";
  if (name.size() > 63) return "name part must be no more than 63 characters";
  if (!IsNameShaped(name))
    return "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and "
           "end with an alphanumeric character (e.g. 'MyName', or 'my.name', or '123-abc')";
  return "";
}

std::string ValidateLabelValue(std::string_view text) {
  if (text.size() > 63) return "must be no more than 63 characters";
  if (text.empty() || IsNameShaped(text)) return "";
  return "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
         "'.', and must start and end with an alphanumeric character (e.g. 'MyValue', or "
         "'my_value', or '12345')";
}

}  // namespace gantry
