#pragma once

#include <memory>
#include <string_view>

#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// Beside the bytes of header and body, which the listener's options bound.
inline constexpr size_t kMaxHeaderFields = 256;
inline constexpr size_t kMaxTarget = 32 * 1024;  // path and query, as they were sent
inline constexpr size_t kMaxQueryParameters = 256;
inline constexpr size_t kMaxChunkFraming = 4096;  // a chunk's size line, or the trailer

// Reads one HTTP/1 request out of bytes as they arrive, straight into a Request. Not thread-safe.
//
// What two readers could understand in two ways is refused: folded lines, repeated Content-Length
// or Host, any Transfer-Encoding but `chunked`, targets that are neither a path nor a whole URL,
// paths with dot segments, control characters or text that is no UTF-8. Trailers are read and
// dropped.
class RequestParser {
 public:
  enum class State {
    kNeedMore,
    kComplete,
    kRefused,  // status() and message() say why; what follows in the connection means nothing
  };

  // `request` receives everything but what filters fill in; it must outlive the parser.
  RequestParser(Request* request, size_t max_header, size_t max_body);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Takes bytes; `*used` of them are consumed, the rest must be offered again together with what
  // follows. REQUIRES: `bytes` is not empty, and the last result was kNeedMore.
  State Feed(std::string_view bytes, size_t* used);

  // After the header.
  bool header_done() const;
  bool keep_alive() const;
  bool http_1_0() const;
  bool expects_continue() const;
  // Of a refused request: 400, 413, 414, 415 or 431.
  int status() const;
  const std::string& message() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gantry::apiserver
