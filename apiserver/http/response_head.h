#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// How the end of a body is told.
enum class Framing { kLength, kChunked, kUntilClose };

struct HeadOptions {
  Framing framing = Framing::kLength;
  size_t length = 0;
  bool keep_alive = true;
  bool gzip = false;
  std::string_view date;
};

// Appends status line and header of `response`, with the empty line. Line breaks in header values
// are dropped.
void AppendHead(const Response& response, const HeadOptions& options, std::string* out);
std::string_view ReasonPhrase(int status);

// Chunked coding. A chunk is made in place: BeginChunk, append the bytes, EndChunk(what it
// returned).
size_t BeginChunk(std::string* out);
void EndChunk(size_t begin, std::string* out);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// Bodies above this are compressed when the client accepts it.
inline constexpr size_t kGzipThreshold = 128 * 1024;

}  // namespace gantry::apiserver
