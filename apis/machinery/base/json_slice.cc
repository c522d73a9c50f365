#include "apis/machinery/base/json_slice.h"

#include <cstddef>

namespace gantry {
namespace {

// From an opening quote to behind the closing one.
size_t SkipString(std::string_view text, size_t at) {
  for (size_t from = at + 1;;) {
    const size_t quote = text.find('"', from);
    if (quote == std::string_view::npos) return text.size();
    size_t slashes = 0;
    while (text[quote - 1 - slashes] == '\\') ++slashes;
    if (slashes % 2 == 0) return quote + 1;
    from = quote + 1;
  }
}

// From the beginning of a value to behind it.
size_t SkipValue(std::string_view text, size_t at) {
  for (int depth = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = SkipString(text, at);
    } else if (depth == 0 && (c == ',' || c == '}')) {
      return at;  // behind a number, or a constant
    } else {
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at;
      if (depth > 0 || (c != '}' && c != ']')) continue;
    }
    if (depth == 0) return at;
  }
  return text.size();
}

}  // namespace

std::string_view JsonMember(std::string_view object, std::string_view key) {
  for (size_t at = 1; at < object.size() && object[at] == '"';) {
    const size_t colon = SkipString(object, at);
    if (colon >= object.size()) break;
    const std::string_view name = object.substr(at + 1, colon - at - 2);
    const size_t end = SkipValue(object, colon + 1);
    if (name == key) return object.substr(colon + 1, end - colon - 1);
    at = end + 1;
  }
  return {};
}

bool HasManyValues(std::string_view json, size_t limit) {
  if (json.size() <= limit) return false;
  size_t values = 0;
  for (size_t at = 0; at < json.size() && values <= limit;) {
    const char c = json[at];
    if (c == '"') {
      at = SkipString(json, at);
      continue;
    }
    values += c == ',' || c == '{' || c == '[';
    ++at;
  }
  return values > limit;
}

}  // namespace gantry
