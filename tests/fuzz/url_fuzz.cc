#include <algorithm>
#include <array>

#include "apiserver/endpoints/continue_token.h"
#include "apiserver/endpoints/negotiate.h"
#include "apiserver/filters/filters.h"
#include "apiserver/http/request_parser.h"
#include "apiserver/http/url.h"
#include "tests/fuzz/check.h"

namespace {

using gantry::apiserver::Query;
using gantry::apiserver::Request;
using gantry::apiserver::RequestInfo;
using gantry::apiserver::RequestParser;
using gantry::fuzz::Require;
using State = RequestParser::State;

constexpr size_t kMaxHeader = 4096;
constexpr size_t kMaxBody = 1024;

std::string Escape(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

// The parts between the zeroes of the input, as names and values in turn.
void CheckQuery(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  std::string written;
  while (!text.empty() && pairs.size() < 20) {
    const auto take = [&text] {
      const std::string part(text.substr(0, text.find('\0')));
      text.remove_prefix(std::min(text.size(), part.size() + 1));
      return part;
    };
    std::string name = take();
    std::string value = take();
    if (name.empty()) continue;
    written += (written.empty() ? "" : "&") + Escape(name) + "=" + Escape(value);
    pairs.emplace_back(std::move(name), std::move(value));
  }
  const Query query = Query::Parse(written);
  Require(query.all() == pairs, "a query that was written is read", written);
  for (const auto& [name, value] : pairs) {
    const auto all = query.GetAll(name);
    Require(query.Has(name) && query.Get(name) == all.front(), "the first value counts", written);
    Require(std::count(all.begin(), all.end(), value) > 0, "a repeated name has its values");
  }
}

void CheckInfo(const Request& request) {
  Require(!gantry::apiserver::HasDotSegment(request.path), "a path has no dot segments");
  Require(request.path.find('\0') == std::string::npos, "a path has no NUL");
  for (const char* method : {"GET", "POST", "DELETE", ""}) {
    const RequestInfo info =
        gantry::apiserver::ParseRequestInfo(method, request.path, request.query);
    Require(!info.is_resource || !info.resource.empty(), "a resource has a name", request.path);
    for (const std::string* part :
         {&info.group, &info.version, &info.ns, &info.resource, &info.subresource, &info.name}) {
      Require(part->find('/') == std::string::npos, "no part has a slash", *part);
      Require(*part != "." && *part != "..", "no part is a dot segment", request.path);
    }
  }
  (void)gantry::apiserver::IsHealthPath(request.path);
}

struct Parsed {
  State state = State::kNeedMore;
  Request request;
  size_t used = 0;
};

// Offers the bytes as a connection does: up to `first` at first, then all that is left.
Parsed Feed(std::string_view bytes, size_t first) {
  Parsed out;
  RequestParser parser(&out.request, kMaxHeader, kMaxBody);
  for (size_t end : std::array<size_t, 2>{std::min(first, bytes.size()), bytes.size()}) {
    if (out.used == end || out.state != State::kNeedMore) continue;
    size_t used = 0;
    out.state = parser.Feed(bytes.substr(out.used, end - out.used), &used);
    out.used += used;
    Require(out.used <= end, "no more is used than was offered");
  }
  return out;
}

void CheckRequest(std::string_view bytes) {
  const Parsed whole = Feed(bytes, bytes.size());
  const Parsed halves = Feed(bytes, bytes.size() / 2);
  Require(whole.request.body.size() <= kMaxBody, "a body is within its limit");
  if (whole.state != State::kComplete) return;
  Require(halves.state == State::kComplete, "a request may come in pieces");
  Require(halves.used == whole.used && halves.request.method == whole.request.method &&
              halves.request.path == whole.request.path &&
              halves.request.query.all() == whole.request.query.all() &&
              halves.request.headers.all() == whole.request.headers.all() &&
              halves.request.body == whole.request.body,
          "a request in pieces is the same");
  CheckInfo(whole.request);
}

}  // namespace

// What else of a request is read apart: what a client accepts, and where a list goes on.
void CheckParts(std::string_view text) {
  using gantry::apiserver::ContinueToken;
  (void)gantry::apiserver::NegotiateForm(text);
  const std::string type = gantry::apiserver::MediaType(text);
  Require(gantry::apiserver::MediaType(type) == type, "a media type is its own", type);
  if (const auto token = ContinueToken::Decode(std::string(text)); token.ok()) {
    const auto again = ContinueToken::Decode(token->Encode());
    Require(again.ok() && again->revision == token->revision && again->start == token->start,
            "a token is read back");
  }
  const ContinueToken token{static_cast<gantry::store::Revision>(text.size()), std::string(text)};
  const auto read = ContinueToken::Decode(token.Encode());
  Require(read.ok() && read->revision == token.revision && read->start == text,
          "a token that was made is read");
}

// The input as a request, and as the target of one.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = gantry::fuzz::AsText(data, size);
  const std::string escaped = Escape(text);
  Require(gantry::apiserver::DecodePath(escaped) == text, "escaping is undone in a path");
  Require(gantry::apiserver::DecodeQueryPart(escaped) == text, "escaping is undone in a query");
  const Query query = Query::Parse(text);
  for (const auto& [key, value] : query.all())
    Require(key.size() + value.size() <= size, "decoding adds nothing");
  CheckQuery(text);
  CheckParts(text);
  (void)gantry::apiserver::HasToken(text, "gzip");
  if (!text.empty()) CheckRequest(text);
  CheckRequest("GET /" + std::string(text) + " HTTP/1.1\r\nHost: x\r\n\r\n");
  CheckRequest("GET /apis/" + escaped + "?" + escaped + " HTTP/1.1\r\nHost: x\r\n\r\n");
  return 0;
}
