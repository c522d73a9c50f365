#include "apiserver/http/request_parser.h"

#include <utility>  // before asio: Boost 1.74 forgets it

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
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

std::string Text(string_view s) { return std::string(s.data(), s.size()); }

}  // namespace

class RequestParser::Impl : public http::basic_parser<true> {
 public:
  Impl(Request* request, size_t max_header, size_t max_body) : request_(request) {
    header_limit(static_cast<uint32_t>(max_header));
    body_limit(max_body);
  }

  std::string message;
  bool expects_continue = false;
  bool bad_target = false;
  bool http_1_0 = false;

 private:
  void on_request_impl(http::verb, string_view method, string_view target, int version,
                       error_code& ec) override {
    http_1_0 = version < 11;
    request_->method = Text(method);
    std::string_view rest(target.data(), target.size());
    if (const size_t scheme = rest.find("://"); !rest.empty() && rest[0] != '/') {
      // The absolute form, as sent to proxies: scheme and host say nothing here.
      const size_t path = scheme == rest.npos ? rest.npos : rest.find_first_of("/?", scheme + 3);
      rest = path == rest.npos ? std::string_view("/") : rest.substr(path);
    }
    const size_t question = rest.find('?');
    std::optional<std::string> path = DecodePath(rest.substr(0, question));
    if (!path || path->find('\0') != path->npos || HasDotSegment(*path)) {
      bad_target = true;
      ec = http::error::bad_target;
      return;
    }
    request_->path = std::move(*path);
    if (question != rest.npos) request_->query = Query::Parse(rest.substr(question + 1));
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(http::field field, string_view name, string_view value, error_code&) override {
    if (field == http::field::expect && value == "100-continue") expects_continue = true;
    if (field == http::field::upgrade &&
        EqualsIgnoreCase(std::string_view(value.data(), value.size()), "websocket")) {
      request_->websocket = true;
    }
    request_->headers.Add(Text(name), Text(value));
  }
  void on_header_impl(error_code&) override {
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
};

RequestParser::RequestParser(Request* request, size_t max_header, size_t max_body)
    : impl_(std::make_unique<Impl>(request, max_header, max_body)) {}
RequestParser::~RequestParser() = default;

RequestParser::State RequestParser::Feed(std::string_view bytes, size_t* used) {
  error_code ec;
  *used = 0;
  // One step at a time: Beast's eager mode goes on after a body that is announced too large.
  do {
    *used += impl_->put(boost::asio::const_buffer(bytes.data() + *used, bytes.size() - *used), ec);
  } while (!ec && !impl_->is_done() && *used < bytes.size());
  if (impl_->is_done()) return State::kComplete;
  if (!ec || ec == http::error::need_more) return State::kNeedMore;
  if (ec == http::error::header_limit) return State::kHeaderTooLarge;
  if (ec == http::error::body_limit) return State::kBodyTooLarge;
  impl_->message =
      impl_->bad_target ? "the path has a malformed escape, or a segment . or .." : ec.message();
  return State::kBadRequest;
}

bool RequestParser::header_done() const { return impl_->is_header_done(); }
bool RequestParser::keep_alive() const { return impl_->keep_alive(); }
bool RequestParser::http_1_0() const { return impl_->http_1_0; }
bool RequestParser::expects_continue() const { return impl_->expects_continue; }
const std::string& RequestParser::message() const { return impl_->message; }

}  // namespace gantry::apiserver
