#include "store/rocksdb/keys.h"

#include <utility>

namespace gantry::store {
namespace {

constexpr char kEscape = '\x00';
constexpr char kEscapedZero = '\xff';
constexpr char kEnd = '\x01';
constexpr char kPutType = 1;
constexpr char kDeleteType = 2;

void AppendBigEndian(std::string* out, uint64_t n) {
  for (int shift = 56; shift >= 0; shift -= 8) out->push_back(static_cast<char>(n >> shift));
}

uint64_t ReadBigEndian(std::string_view bytes) {
  uint64_t n = 0;
  for (size_t i = 0; i < kRevisionBytes; ++i) n = n << 8 | static_cast<unsigned char>(bytes[i]);
  return n;
}

// Escaped, without the end mark.
std::string Escape(std::string_view key) {
  std::string out;
  out.reserve(key.size() + 2 + kRevisionBytes);
  for (char c : key) {
    out.push_back(c);
    if (c == kEscape) out.push_back(kEscapedZero);
  }
  return out;
}

}  // namespace

std::string EncodeRevision(Revision revision) {
  std::string out;
  AppendBigEndian(&out, static_cast<uint64_t>(revision));
  return out;
}

Revision DecodeRevision(std::string_view bytes) {
  return static_cast<Revision>(ReadBigEndian(bytes));
}

std::string EncodeKey(std::string_view key) {
  std::string out = Escape(key);
  out.push_back(kEscape);
  out.push_back(kEnd);
  return out;
}

std::string EncodeVersion(std::string_view key, Revision revision) {
  std::string out = EncodeKey(key);
  AppendInverted(&out, revision);
  return out;
}

void AppendInverted(std::string* encoded_key, Revision revision) {
  AppendBigEndian(encoded_key, ~static_cast<uint64_t>(revision));
}

std::optional<DecodedVersion> DecodeVersion(std::string_view bytes) {
  if (bytes.size() < kRevisionBytes + 2) return std::nullopt;
  const std::string_view escaped = VersionKeyPart(bytes);
  DecodedVersion out;
  out.revision = VersionRevision(bytes);
  for (size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != kEscape) {
      out.key.push_back(escaped[i]);
      continue;
    }
    if (++i == escaped.size()) return std::nullopt;
    if (escaped[i] == kEnd) {
      if (i + 1 != escaped.size()) return std::nullopt;
      return out;
    }
    if (escaped[i] != kEscapedZero) return std::nullopt;
    out.key.push_back(kEscape);
  }
  return std::nullopt;  // no end mark
}

Revision VersionRevision(std::string_view bytes) {
  return static_cast<Revision>(~ReadBigEndian(bytes.substr(bytes.size() - kRevisionBytes)));
}

std::string_view VersionKeyPart(std::string_view bytes) {
  return bytes.substr(0, bytes.size() - kRevisionBytes);
}

std::pair<std::string, std::string> PrefixRange(std::string_view prefix) {
  std::string first = Escape(prefix);
  std::string second = first;
  while (!second.empty() && second.back() == '\xff') second.pop_back();
  if (!second.empty()) ++second.back();
  return {std::move(first), std::move(second)};
}

std::string EncodeLog(Event::Type type, Revision previous, std::string_view key) {
  std::string out;
  out.reserve(1 + kRevisionBytes + key.size());
  out.push_back(type == Event::Type::kPut ? kPutType : kDeleteType);
  AppendBigEndian(&out, static_cast<uint64_t>(previous));
  out.append(key);
  return out;
}

std::optional<LogRecord> DecodeLog(std::string_view bytes) {
  if (bytes.size() < 1 + kRevisionBytes + 1) return std::nullopt;
  if (bytes[0] != kPutType && bytes[0] != kDeleteType) return std::nullopt;
  LogRecord out;
  out.type = bytes[0] == kPutType ? Event::Type::kPut : Event::Type::kDelete;
  out.previous = DecodeRevision(bytes.substr(1));
  out.key = bytes.substr(1 + kRevisionBytes);
  return out;
}

}  // namespace gantry::store
