#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/store.h"

// The byte formats of the RocksDB backend. Pure.
//
//   data  <escaped key> <~revision, 8 bytes>  ->  0x01 <value>  |  0x00 (a deletion)
//   log   <revision, 8 bytes>                 ->  <type, 1 byte> <previous revision, 8 bytes> <key>
//
// Integers are big-endian, so bytewise order is numeric order, and a key's newest version comes
// first. An escaped key writes 0x00 as `00 ff` and ends with `00 01`, which keeps the order of keys
// and makes no key a prefix of another.
namespace gantry::store {

inline constexpr size_t kRevisionBytes = 8;
inline constexpr char kValueMark = 1;
inline constexpr char kTombstoneMark = 0;

std::string EncodeRevision(Revision revision);
// REQUIRES: 8 bytes.
Revision DecodeRevision(std::string_view bytes);

// The escaped key with its end mark: the common prefix of all versions of `key`.
std::string EncodeKey(std::string_view key);
std::string EncodeVersion(std::string_view key, Revision revision);
// Appends the inverted revision to what EncodeKey returned.
void AppendInverted(std::string* encoded_key, Revision revision);

struct DecodedVersion {
  std::string key;
  Revision revision = 0;
};
// Empty when the bytes are not what EncodeVersion makes.
std::optional<DecodedVersion> DecodeVersion(std::string_view bytes);
// The revision of an encoded version. REQUIRES: at least 8 bytes.
Revision VersionRevision(std::string_view bytes);
// What EncodeKey made. REQUIRES: at least 8 bytes.
std::string_view VersionKeyPart(std::string_view bytes);

// The range of encoded versions of all keys with `prefix`: [first, second). An empty second has no
// upper bound.
std::pair<std::string, std::string> PrefixRange(std::string_view prefix);

struct LogRecord {
  Event::Type type = Event::Type::kPut;
  Revision previous = 0;
  std::string_view key;  // points into the decoded bytes
};
std::string EncodeLog(Event::Type type, Revision previous, std::string_view key);
std::optional<LogRecord> DecodeLog(std::string_view bytes);

}  // namespace gantry::store
