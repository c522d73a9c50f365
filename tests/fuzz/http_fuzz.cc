#include <algorithm>
#include <charconv>
#include <optional>

#include "apiserver/http/request_parser.h"
#include "apiserver/http/url.h"
#include "tests/fuzz/check.h"

// Where a request ends and what its header says, by the server's parser and by a reader that knows
// the strict form alone.
namespace {

using gantry::apiserver::Request;
using gantry::apiserver::RequestParser;
using gantry::fuzz::Require;
using State = RequestParser::State;

constexpr size_t kMaxHeader = 2048;
constexpr size_t kMaxBody = 1024;

struct Parsed {
  State state = State::kNeedMore;
  int status = 0;
  size_t used = 0;
  Request request;
};

// Offers the bytes in pieces of `step`, and what is left over with the next piece.
Parsed Feed(std::string_view bytes, size_t step) {
  Parsed out;
  RequestParser parser(&out.request, kMaxHeader, kMaxBody);
  for (size_t end = 0; end < bytes.size() && out.state == State::kNeedMore;) {
    end = std::min(end + step, bytes.size());
    size_t used = 0;
    out.state = parser.Feed(bytes.substr(out.used, end - out.used), &used);
    out.used += used;
    Require(out.used <= end, "no more is used than was offered");
    Require(out.state != State::kNeedMore || end - out.used <= kMaxHeader + 4096 + 5,
            "what is kept for later is bounded");
  }
  out.status = parser.status();
  Require((out.state == State::kRefused) == (out.status != 0), "a refusal has a status");
  Require(out.state != State::kRefused || !parser.message().empty(), "and a message");
  return out;
}

// The line up to CR LF, cut off from `*rest`.
std::string_view Line(std::string_view* rest) {
  const size_t end = rest->find("\r\n");
  Require(end != rest->npos, "a line ends");
  const std::string_view line = rest->substr(0, end);
  Require(line.find_first_of("\r\n") == line.npos, "no line end is left in a line");
  rest->remove_prefix(end + 2);
  return line;
}

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

size_t Number(std::string_view digits, int base) {
  size_t n = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), n, base);
  return n;
}

// The content of chunks, cut off from `*rest` with the trailer.
std::string Chunks(std::string_view* rest) {
  std::string out;
  while (true) {
    const std::string_view line = Line(rest);
    const size_t digits = std::min(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
    Require(digits > 0, "a chunk has a size", line);
    Require(
        digits == line.size() || line[digits] == ';' || line[digits] == ' ' || line[digits] == '\t',
        "a chunk's size is a number", line);
    const size_t size = Number(line.substr(0, digits), 16);
    if (size == 0) break;
    Require(rest->size() >= size + 2, "a chunk has its bytes");
    out += rest->substr(0, size);
    rest->remove_prefix(size);
    Require(rest->starts_with("\r\n"), "a chunk ends where it says");
    rest->remove_prefix(2);
  }
  while (!Line(rest).empty()) {
  }
  return out;
}

void CheckComplete(std::string_view bytes, const Parsed& parsed) {
  std::string_view rest = bytes;
  const std::string_view start = Line(&rest);
  const size_t space = start.find(' ');
  Require(space != start.npos && start.substr(0, space) == parsed.request.method,
          "the method is the first word", start);
  const std::string_view target = start.substr(space + 1, start.rfind(' ') - space - 1);
  Require(target.find(' ') == target.npos, "the line has three words", start);
  Require(start.ends_with(" HTTP/1.1") || start.ends_with(" HTTP/1.0"), "the version is ours");
  Require(parsed.request.path.starts_with("/"), "a path begins with a slash");
  Require(gantry::apiserver::IsPlainText(parsed.request.path), "a path is plain text");
  Require(!gantry::apiserver::HasDotSegment(parsed.request.path), "a path has no dot segments");

  std::optional<size_t> length;
  bool chunked = false;
  bool host = false;
  size_t fields = 0;
  for (std::string_view line = Line(&rest); !line.empty(); line = Line(&rest)) {
    const size_t colon = line.find(':');
    Require(colon != line.npos && colon > 0, "a field has a name", line);
    const std::string_view name = line.substr(0, colon);
    Require(name.find_first_of(" \t\r\n\"(),/;<=>?@[\\]{}") == name.npos, "a name is a token",
            line);
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    const auto& all = parsed.request.headers.all();
    Require(fields < all.size() && all[fields].first == name && all[fields].second == value,
            "the fields are those of the lines", line);
    ++fields;
    if (gantry::apiserver::EqualsIgnoreCase(name, "content-length")) {
      Require(!length && !chunked && IsDigits(value), "one length, a number", line);
      length = Number(value, 10);
    }
    if (gantry::apiserver::EqualsIgnoreCase(name, "transfer-encoding")) {
      Require(!length && !chunked && gantry::apiserver::EqualsIgnoreCase(value, "chunked"),
              "one encoding, chunked", line);
      chunked = true;
    }
    if (gantry::apiserver::EqualsIgnoreCase(name, "host")) {
      Require(!host, "one host", line);
      host = true;
    }
  }
  Require(host || start.ends_with("1.0"), "a request of version 1.1 has a host");
  Require(fields == parsed.request.headers.all().size(), "no field comes from elsewhere");
  std::string body;
  if (chunked) {
    body = Chunks(&rest);
  } else {
    body = rest.substr(0, length.value_or(0));
    rest.remove_prefix(std::min(rest.size(), length.value_or(0)));
  }
  Require(body == parsed.request.body, "the body is what the header says");
  Require(body.size() <= kMaxBody, "a body is within its limit");
  Require(parsed.used == bytes.size() - rest.size(), "both see the end in the same place");
}

void CheckRequest(std::string_view bytes) {
  if (bytes.empty()) return;
  const Parsed whole = Feed(bytes, bytes.size());
  if (whole.state == State::kComplete) CheckComplete(bytes, whole);
  for (const size_t step : {size_t{1}, size_t{5}}) {
    const Parsed pieces = Feed(bytes, step);
    Require(whole.state != State::kComplete || pieces.state == State::kComplete,
            "a request may come in pieces");
    if (pieces.state != State::kComplete) continue;
    Require(whole.state == State::kComplete, "pieces are no more than the whole");
    Require(pieces.used == whole.used && pieces.request.method == whole.request.method &&
                pieces.request.path == whole.request.path &&
                pieces.request.query.all() == whole.request.query.all() &&
                pieces.request.headers.all() == whole.request.headers.all() &&
                pieces.request.body == whole.request.body,
            "a request in pieces is the same");
  }
}

}  // namespace

// The input as a request, as fields of one, and as chunks.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = gantry::fuzz::AsText(data, size);
  CheckRequest(text);
  CheckRequest("POST /a HTTP/1.1\r\nHost: x\r\n" + std::string(text));
  CheckRequest("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
               std::string(text));
  return 0;
}
