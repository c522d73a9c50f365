#include "apiserver/server/debug_page.h"

#include <charconv>

#include "apiserver/http/status_response.h"

namespace gantry::apiserver {

void DebugPage::Set(const std::string& name, Section section) {
  MutexLock lock(&mu_);
  if (section) {
    sections_[name] = std::move(section);
  } else {
    sections_.erase(name);
  }
}

Response DebugPage::Answer(const Request& request) const {
  size_t limit = kDefaultLimit;
  if (const std::string text = request.query.Get("limit"); !text.empty()) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, limit);
    if (error != std::errc() || stop != end || limit > kMaxLimit) {
      return ErrorResponse(
          Error(Code::kBadRequest, fmt::format("limit must be a number from 0 to {}", kMaxLimit)));
    }
  }
  Json document = Json::object();
  {
    MutexLock lock(&mu_);
    for (const auto& [name, section] : sections_) document[name] = section(limit);
  }
  Response response;
  response.headers.Set("Cache-Control", "no-store");
  response.headers.Set("Vary", "Accept");
  response.headers.Set("X-Content-Type-Options", "nosniff");
  if (request.headers.Get("Accept").find("text/html") == std::string_view::npos) {
    response.body = DumpJson(document);
    return response;
  }
  response.content_type = "text/html; charset=utf-8";
  response.headers.Set("Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
  response.body = RenderDebugHtml(document);
  return response;
}

}  // namespace gantry::apiserver
