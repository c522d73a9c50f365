#include "apiserver/http/url.h"

#include <algorithm>
#include <cstdint>

namespace gantry::apiserver {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int Hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = Lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The byte of an escape at the start of `text`; -1 when it is none.
int Escape(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return -1;
  const int high = Hex(text[1]);
  const int low = Hex(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

std::string_view Trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

// `q=0`, `q=0.0` ...: the entry is refused by the client.
bool IsZeroQuality(std::string_view parameters) {
  const size_t at = parameters.find("q=");
  if (at == std::string_view::npos) return false;
  const std::string_view q = Trim(parameters.substr(at + 2));
  return !q.empty() && q.find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return Lower(x) == Lower(y); });
}

bool HasToken(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    const size_t semicolon = item.find(';');
    if (!EqualsIgnoreCase(Trim(item.substr(0, semicolon)), token)) continue;
    return semicolon == std::string_view::npos || !IsZeroQuality(item.substr(semicolon));
  }
  return false;
}

std::optional<std::string> DecodePath(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (text[0] != '%') {
      out.push_back(text[0]);
      text.remove_prefix(1);
      continue;
    }
    const int byte = Escape(text);
    if (byte < 0) return std::nullopt;
    out.push_back(static_cast<char>(byte));
    text.remove_prefix(3);
  }
  return out;
}

bool HasDotSegment(std::string_view path) {
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(std::min(path.size(), segment.size() + 1));
  }
  return false;
}

bool IsPlainText(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      if (lead < 0x20 || lead == 0x7F) return false;
      ++i;
      continue;
    }
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() - i < length) return false;
    uint32_t point = lead & (0x7Fu >> length);
    for (size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0) != 0x80) return false;
      point = point << 6 | (next & 0x3F);
    }
    constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kLeast[length] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) {
      return false;
    }
    if (point < 0xA0) return false;  // the second set of control characters
    i += length;
  }
  return true;
}

std::string DecodeQueryPart(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (const int byte = Escape(text); byte >= 0) {
      out.push_back(static_cast<char>(byte));
      text.remove_prefix(3);
      continue;
    }
    out.push_back(text[0] == '+' ? ' ' : text[0]);
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace gantry::apiserver
