#pragma once

#include <memory>
#include <string_view>

#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// Reads one HTTP/1 request out of bytes as they arrive, straight into a Request. Not thread-safe.
class RequestParser {
 public:
  enum class State {
    kNeedMore,
    kComplete,
    kBadRequest,  // message() says why
    kHeaderTooLarge,
    kBodyTooLarge,
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
  const std::string& message() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gantry::apiserver
