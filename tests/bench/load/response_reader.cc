#include "tests/bench/load/response_reader.h"

#include <strings.h>

#include <cstdlib>

#include "tests/bench/load/server.h"

namespace gantry::bench {
namespace {

// The value of a header; empty when absent. `name` as ":" ends it, in any case.
std::string_view Find(std::string_view head, std::string_view name) {
  for (size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += 2;
    if (head.size() - at > name.size() && head[at + name.size()] == ':' &&
        strncasecmp(head.data() + at, name.data(), name.size()) == 0) {
      std::string_view value = head.substr(at + name.size() + 1);
      value = value.substr(0, value.find("\r\n"));
      while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
      return value;
    }
  }
  return {};
}

}  // namespace

void ResponseReader::Reset() {
  state_ = State::kHead;
  partial_.clear();
  left_ = 0;
  status_ = 0;
  chunked_ = false;
}

void ResponseReader::TakeLine(std::string_view* bytes) {
  const std::string_view end = state_ == State::kHead ? "\r\n\r\n" : "\r\n";
  const size_t known = partial_.size();
  partial_.append(*bytes);
  const size_t at = partial_.find(end, known < end.size() ? 0 : known - end.size() + 1);
  if (at == std::string::npos) {
    bytes->remove_prefix(bytes->size());
    return;
  }
  bytes->remove_prefix(at + end.size() - known);
  partial_.resize(at);
  switch (state_) {
    case State::kHead: OnHead(); break;
    case State::kChunkSize:
      left_ = std::strtoull(partial_.c_str(), nullptr, 16);
      state_ = left_ == 0 ? State::kTrailer : State::kBody;
      break;
    case State::kChunkEnd: state_ = State::kChunkSize; break;
    case State::kTrailer:
      if (partial_.empty()) state_ = State::kDone;
      break;
    case State::kBody:
    case State::kDone: break;
  }
  partial_.clear();
}

void ResponseReader::OnHead() {
  if (partial_.size() < 12 || partial_.compare(0, 5, "HTTP/") != 0) Fail("no HTTP/1.1 response");
  status_ = std::atoi(partial_.c_str() + 9);
  chunked_ = Find(partial_, "Transfer-Encoding") == "chunked";
  const std::string length(Find(partial_, "Content-Length"));
  left_ = std::strtoull(length.c_str(), nullptr, 10);
  state_ = chunked_ ? State::kChunkSize : left_ > 0 ? State::kBody : State::kDone;
}

}  // namespace gantry::bench
