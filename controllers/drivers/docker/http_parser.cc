#include "controllers/drivers/docker/http_parser.h"

#include <limits>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/optional.hpp>

namespace gantry::docker {
namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using ErrorCode = boost::beast::error_code;

std::string_view View(string_view s) { return {s.data(), s.size()}; }

// Beast's parser calls back for each piece; nothing is buffered twice.
class Parser : public http::basic_parser<false> {
 public:
  int status = 0;
  http::fields fields;
  std::string body;

 private:
  void on_request_impl(http::verb, string_view, string_view, int, ErrorCode&) override {}
  void on_response_impl(int code, string_view, int, ErrorCode&) override { status = code; }
  void on_field_impl(http::field, string_view name, string_view value, ErrorCode&) override {
    fields.insert(name, value);
  }
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(string_view s, ErrorCode&) override {
    body.append(s.data(), s.size());
    return s.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view s, ErrorCode&) override {
    body.append(s.data(), s.size());
    return s.size();
  }
  void on_finish_impl(ErrorCode&) override {}
};

}  // namespace

struct ResponseParser::Impl {
  Parser parser;
  std::string pending;
};

ResponseParser::ResponseParser() : impl_(std::make_unique<Impl>()) {
  impl_->parser.header_limit(64 * 1024);
  impl_->parser.body_limit(std::numeric_limits<std::uint64_t>::max());
}
ResponseParser::~ResponseParser() = default;
ResponseParser::ResponseParser(ResponseParser&&) noexcept = default;
ResponseParser& ResponseParser::operator=(ResponseParser&&) noexcept = default;

Status ResponseParser::Feed(std::string_view bytes, bool with_body) {
  Parser& p = impl_->parser;
  impl_->pending.append(bytes);
  p.eager(with_body);
  while (!impl_->pending.empty() && !p.is_done() && (with_body || !p.is_header_done())) {
    ErrorCode ec;
    const size_t used = p.put(boost::asio::buffer(impl_->pending), ec);
    impl_->pending.erase(0, used);
    if (ec == http::error::need_more) return OkStatus();
    if (ec) return Error(Code::kUnavailable, "malformed HTTP answer: " + ec.message());
    if (used == 0) break;
  }
  return OkStatus();
}

Status ResponseParser::FeedEof() {
  if (done()) return OkStatus();
  if (!impl_->parser.got_some()) return Error(Code::kUnavailable, "connection closed");
  ErrorCode ec;
  impl_->parser.put_eof(ec);
  if (ec) return Error(Code::kUnavailable, "connection closed in the middle of an answer");
  return OkStatus();
}

bool ResponseParser::header_done() const { return impl_->parser.is_header_done(); }
bool ResponseParser::done() const { return impl_->parser.is_done(); }
int ResponseParser::status() const { return impl_->parser.status; }

std::string ResponseParser::Header(std::string_view name) const {
  return std::string(View(impl_->parser.fields[string_view(name.data(), name.size())]));
}

std::string ResponseParser::TakeBody() { return std::exchange(impl_->parser.body, {}); }
std::string ResponseParser::TakeRest() { return std::exchange(impl_->pending, {}); }
bool ResponseParser::keep_alive() const { return impl_->parser.keep_alive(); }

}  // namespace gantry::docker
