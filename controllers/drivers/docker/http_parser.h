#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "apis/machinery/base/result.h"

namespace gantry::docker {

// Parses one HTTP/1.1 answer from bytes that arrive in pieces. Not thread-safe.
class ResponseParser {
 public:
  ResponseParser();
  ~ResponseParser();
  ResponseParser(ResponseParser&&) noexcept;
  ResponseParser& operator=(ResponseParser&&) noexcept;

  // Consumes bytes up to the end of the header, and with `with_body` up to the end of the body.
  // Bytes that it cannot use yet are kept. kUnavailable when it is not HTTP.
  Status Feed(std::string_view bytes, bool with_body);
  // The peer closed. kUnavailable when that cuts the answer short.
  Status FeedEof();

  bool header_done() const;
  bool done() const;
  int status() const;
  // Empty when absent; the name in any case.
  std::string Header(std::string_view name) const;
  // The body bytes decoded since the last call.
  std::string TakeBody();
  // Bytes received beyond what was parsed: those of a hijacked stream.
  std::string TakeRest();
  // The connection may carry another request after done().
  bool keep_alive() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gantry::docker
