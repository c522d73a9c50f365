#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gantry {

// RFC 4648, with padding.
std::string Base64Encode(std::string_view bytes);
// Empty when `text` is not base64; line breaks are skipped.
std::optional<std::string> Base64Decode(std::string_view text);

// A 64-bit FNV-1a hash as 16 hex digits: the same for ever on every machine. For names and for
// telling contents apart, never for secrecy.
std::string StableHash(std::string_view bytes);

}  // namespace gantry
