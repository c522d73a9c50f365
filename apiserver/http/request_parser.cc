#include "apiserver/http/request_parser.h"

#include <fmt/format.h>

#include <utility>  // before asio: Boost 1.74 forgets it

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <optional>

#include "apiserver/http/url.h"

namespace gantry::apiserver {
namespace {

namespace http = boost::beast::http;
using boost::optional;
using boost::beast::error_code;
using boost::beast::string_view;

// What a client announces is believed up to here; beyond, memory follows the bytes that arrive.
constexpr size_t kReserveAtMost = 256 * 1024;
constexpr size_t kLeastChunkEnd = 5;  // 0 CRLF CRLF

std::string_view Std(string_view s) { return {s.data(), s.size()}; }
std::string Text(string_view s) { return std::string(s.data(), s.size()); }

// Beast joins folded lines, either in a buffer of its own or by skipping line ends before the
// value.
bool IsFolded(std::string_view name, std::string_view value, size_t max_header) {
  const auto end_of_name = reinterpret_cast<uintptr_t>(name.data() + name.size());
  const auto begin = reinterpret_cast<uintptr_t>(value.data());
  if (begin <= end_of_name || begin - end_of_name > max_header) return true;
  const std::string_view between(name.data() + name.size(), begin - end_of_name);
  return between.find_first_not_of(": \t") != between.npos;
}

bool IsNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// A whole URL, as sent to proxies: scheme and host say nothing here. nullopt: neither that nor a
// path.
std::optional<std::string_view> PathOfTarget(std::string_view target) {
  if (target.starts_with('/')) return target;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!EqualsIgnoreCase(target.substr(0, scheme.size()), scheme)) continue;
    const size_t path = target.find_first_of("/?", scheme.size());
    if (path == target.npos) return "/";
    if (target[path] == '/') return target.substr(path);
  }
  return std::nullopt;
}

}  // namespace

class RequestParser::Impl : public http::basic_parser<true> {
 public:
  Impl(Request* request, size_t max_header, size_t max_body)
      : max_header(max_header), max_body(max_body), request_(request) {
    header_limit(static_cast<uint32_t>(max_header));
    body_limit(max_body);
  }

  // What was found in a request by us, not by Beast; makes Beast stop.
  void Refuse(int code, std::string why, error_code* ec) {
    status = code;
    message = std::move(why);
    *ec = http::error::bad_value;
  }

  bool before_target() const { return request_->method.empty(); }

  const size_t max_header;
  const size_t max_body;
  int status = 0;
  std::string message;
  bool expects_continue = false;
  bool http_1_0 = false;

 private:
  void on_request_impl(http::verb, string_view method, string_view target, int version,
                       error_code& ec) override {
    http_1_0 = version < 11;
    request_->method = Text(method);
    if (target.size() > kMaxTarget) {
      return Refuse(414, fmt::format("the URL is longer than {} bytes", kMaxTarget), &ec);
    }
    const std::optional<std::string_view> rest = PathOfTarget(Std(target));
    if (!rest) return Refuse(400, "the target is neither a path nor a URL", &ec);
    const size_t question = rest->find('?');
    std::optional<std::string> path = DecodePath(rest->substr(0, question));
    if (!path) return Refuse(400, "the path has a malformed escape", &ec);
    if (HasDotSegment(*path)) return Refuse(400, "the path has a segment . or ..", &ec);
    if (!IsPlainText(*path)) {
      return Refuse(400, "the path has control characters, or is no UTF-8", &ec);
    }
    request_->path = std::move(*path);
    if (question == rest->npos) return;
    const std::string_view query = rest->substr(question + 1);
    const auto separators = static_cast<size_t>(std::count(query.begin(), query.end(), '&'));
    if (separators >= kMaxQueryParameters) {
      return Refuse(400, fmt::format("the URL has more than {} parameters", kMaxQueryParameters),
                    &ec);
    }
    request_->query = Query::Parse(query);
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(http::field field, string_view name, string_view value,
                     error_code& ec) override {
    if (IsFolded(Std(name), Std(value), max_header)) {
      return Refuse(400, "a header field is folded over several lines", &ec);
    }
    if (is_header_done_) return;  // a trailer, which nobody asked for
    if (++fields_ > kMaxHeaderFields) {
      return Refuse(431, fmt::format("the header has more than {} fields", kMaxHeaderFields), &ec);
    }
    switch (field) {
      case http::field::content_length:
        if (std::exchange(has_length_, true)) return Refuse(400, "Content-Length is repeated", &ec);
        if (!IsNumber(Std(value))) return Refuse(400, "Content-Length is no number", &ec);
        break;
      case http::field::transfer_encoding:
        if (!EqualsIgnoreCase(Std(value), "chunked")) {
          return Refuse(400, "the only Transfer-Encoding is chunked", &ec);
        }
        if (http_1_0) return Refuse(400, "HTTP/1.0 has no Transfer-Encoding", &ec);
        break;
      case http::field::host:
        if (std::exchange(has_host_, true)) return Refuse(400, "Host is repeated", &ec);
        break;
      case http::field::content_encoding:
        if (!value.empty() && !EqualsIgnoreCase(Std(value), "identity")) {
          return Refuse(415, "bodies of requests are not taken compressed", &ec);
        }
        break;
      case http::field::expect:
        if (EqualsIgnoreCase(Std(value), "100-continue")) expects_continue = true;
        break;
      case http::field::upgrade:
        if (EqualsIgnoreCase(Std(value), "websocket")) request_->websocket = true;
        break;
      default: break;
    }
    request_->headers.Add(Text(name), Text(value));
  }
  void on_header_impl(error_code& ec) override {
    is_header_done_ = true;
    // RFC 9112, 3.2.
    if (!has_host_ && !http_1_0) return Refuse(400, "Host is missing", &ec);
    // Beast's upgrade() also looks at the Connection header.
    request_->websocket = request_->websocket && upgrade() && request_->method == "GET";
  }
  void on_body_init_impl(optional<uint64_t> const& length, error_code&) override {
    if (length) request_->body.reserve(std::min<uint64_t>(*length, kReserveAtMost));
  }
  size_t on_body_impl(string_view body, error_code&) override {
    request_->body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(uint64_t, string_view, error_code&) override {}
  size_t on_chunk_body_impl(uint64_t, string_view body, error_code& ec) override {
    return on_body_impl(body, ec);
  }
  void on_finish_impl(error_code&) override {}

  Request* const request_;
  size_t fields_ = 0;
  bool has_length_ = false;
  bool has_host_ = false;
  bool is_header_done_ = false;
};

RequestParser::RequestParser(Request* request, size_t max_header, size_t max_body)
    : impl_(std::make_unique<Impl>(request, max_header, max_body)) {}
RequestParser::~RequestParser() = default;

RequestParser::State RequestParser::Feed(std::string_view bytes, size_t* used) {
  error_code ec;
  *used = 0;
  // One step at a time: Beast's eager mode goes on after a body that is announced too large.
  while (!ec && !impl_->is_done() && *used < bytes.size()) {
    const std::string_view rest = bytes.substr(*used);
    // No chunked body ends with less, and Beast does not expect to see less of its last chunk.
    if (impl_->is_header_done() && impl_->chunked() && rest.size() < kLeastChunkEnd) break;
    *used += impl_->put(boost::asio::const_buffer(rest.data(), rest.size()), ec);
  }
  // Beast is done with a header that ends a request also where that was refused.
  if (impl_->is_done() && impl_->status == 0) return State::kComplete;
  if (!ec || ec == http::error::need_more) {
    // Beast bounds neither a chunk's extensions nor the trailer.
    if (!impl_->is_header_done() || bytes.size() - *used <= kMaxChunkFraming) {
      return State::kNeedMore;
    }
    impl_->Refuse(400, "a chunk's size line or the trailer is too long", &ec);
  }
  if (impl_->status != 0) return State::kRefused;
  if (ec == http::error::header_limit) {
    // Without a method the request line itself had no end.
    const bool line = impl_->before_target();
    impl_->Refuse(line ? 414 : 431,
                  fmt::format("{} longer than {} bytes", line ? "the URL is" : "the header is",
                              line ? kMaxTarget : impl_->max_header),
                  &ec);
  } else if (ec == http::error::body_limit) {
    impl_->Refuse(413, fmt::format("Request entity too large: limit is {}", impl_->max_body), &ec);
  } else {
    impl_->Refuse(400, ec.message(), &ec);
  }
  return State::kRefused;
}

bool RequestParser::header_done() const { return impl_->is_header_done(); }
bool RequestParser::keep_alive() const { return impl_->keep_alive(); }
bool RequestParser::http_1_0() const { return impl_->http_1_0; }
bool RequestParser::expects_continue() const { return impl_->expects_continue; }
int RequestParser::status() const { return impl_->status; }
const std::string& RequestParser::message() const { return impl_->message; }

}  // namespace gantry::apiserver
