#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gantry::bench {

// Takes the bytes of HTTP/1.1 responses apart, one response at a time. Trusts the server to speak
// HTTP: it is a load generator's reader and costs next to nothing.
class ResponseReader {
 public:
  // Takes received bytes, calls `on_body(std::string_view)` for pieces of the body, and returns
  // true once the response is complete. A response that goes on for ever never is.
  template <typename OnBody>
  bool Feed(std::string_view bytes, OnBody&& on_body) {
    while (!bytes.empty() && state_ != State::kDone) {
      if (state_ == State::kBody) {
        const std::string_view piece = bytes.substr(0, left_);
        on_body(piece);
        bytes.remove_prefix(piece.size());
        left_ -= piece.size();
        if (left_ == 0) state_ = chunked_ ? State::kChunkEnd : State::kDone;
      } else {
        TakeLine(&bytes);
      }
    }
    return state_ == State::kDone;
  }
  int status() const { return status_; }
  // Whether the header of the present response is through.
  bool head_done() const { return state_ != State::kHead; }
  // For the next response of the connection.
  void Reset();

 private:
  enum class State { kHead, kChunkSize, kBody, kChunkEnd, kTrailer, kDone };
  // Takes bytes up to the end of a header or a line, and acts on it.
  void TakeLine(std::string_view* bytes);
  void OnHead();

  State state_ = State::kHead;
  std::string partial_;  // a header or line whose end did not come yet
  uint64_t left_ = 0;
  int status_ = 0;
  bool chunked_ = false;
};

}  // namespace gantry::bench
