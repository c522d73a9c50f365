#include "apis/compose/names.h"

#include <fmt/format.h>

#include <cstdint>

#include "apis/machinery/base/encoding.h"

namespace gantry::compose {
namespace {

// 63 less `-10000-x7k2p`, the slot and the suffix of a container.
constexpr size_t kMaxName = 51;
constexpr size_t kHashLength = 5;

// Letters that make no words, and digits that look like no letter.
std::string ShortHash(std::string_view text) {
  constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  uint64_t hash = std::stoull(StableHash(text), nullptr, 16);
  std::string out;
  for (size_t i = 0; i < kHashLength; ++i) {
    out += kAlphabet[hash % kAlphabet.size()];
    hash /= kAlphabet.size();
  }
  return out;
}

std::string Trim(std::string text) {
  while (!text.empty() && text.back() == '-') text.pop_back();
  return text.substr(std::min(text.find_first_not_of('-'), text.size()));
}

std::string Slug(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
    else if (out.empty() || out.back() != '-') out += '-';
  }
  return Trim(std::move(out));
}

std::string Plain(std::string_view application, std::string_view part) {
  return fmt::format("{}-{}", Slug(application), Slug(part));
}

std::string Hashed(std::string_view application, std::string_view part) {
  const std::string hash = ShortHash(fmt::format("{}/{}", application, part));
  const std::string plain = Trim(Plain(application, part).substr(0, kMaxName - kHashLength - 1));
  return fmt::format("{}-{}", plain, hash);
}

}  // namespace

std::map<std::string, std::string> ObjectNames(std::string_view application,
                                               const std::vector<std::string>& parts) {
  std::map<std::string, int> uses;
  for (const std::string& part : parts) ++uses[Slug(part)];
  std::map<std::string, std::string> out;
  for (const std::string& part : parts) {
    const std::string slug = Slug(part);
    const std::string plain = Plain(application, part);
    const bool own = part == slug || uses[slug] == 1;
    out[part] =
        own && !slug.empty() && plain.size() <= kMaxName ? plain : Hashed(application, part);
  }
  return out;
}

std::string SecretKey(std::string_view prefix, std::string_view variable) {
  std::string key = fmt::format("{}.{}", prefix, variable);
  bool changed = false;
  for (char& c : key) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == '_';
    if (fine) continue;
    c = '_';
    changed = true;
  }
  constexpr size_t kMaxKey = 253;
  if (key.size() > kMaxKey - kHashLength - 1) {
    key.resize(kMaxKey - kHashLength - 1);
    changed = true;
  }
  return changed ? fmt::format("{}-{}", key, ShortHash(variable)) : key;
}

}  // namespace gantry::compose
