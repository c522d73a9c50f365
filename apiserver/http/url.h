#pragma once

#include <optional>
#include <string>
#include <string_view>

// Small text helpers of HTTP messages. Pure.
namespace gantry::apiserver {

// ASCII only, as header names are.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);
// Whether a comma-separated header value names `token` (parameters and case do not matter):
// HasToken("gzip;q=0.8, br", "gzip"). An entry with q=0 does not count.
bool HasToken(std::string_view list, std::string_view token);
// A path with its escapes resolved; nothing when an escape is malformed.
std::optional<std::string> DecodePath(std::string_view text);
// Whether a decoded path has a segment `.` or `..`: names never are, and clients resolve them.
bool HasDotSegment(std::string_view path);
// Whether a text is UTF-8 (no overlong forms, no surrogates) without control characters.
bool IsPlainText(std::string_view text);
// A name or value of a query: '+' is a space, malformed escapes are kept.
std::string DecodeQueryPart(std::string_view text);

}  // namespace gantry::apiserver
