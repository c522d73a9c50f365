#include "apiserver/filters/filters.h"

namespace gantry::apiserver {
namespace {

// Clients bound the size of all headers together.
constexpr size_t kMaxBytes = 4096;

// A quoted string of a header: what would end it is escaped, what may not stand in it is left out.
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (static_cast<unsigned char>(c) >= 0x20) out.push_back(c);
  }
  return out + "\"";
}

Task<Response> Warned(Request& request, const Handler& next) {
  Response response = co_await next(request);
  size_t bytes = 0;
  size_t said = 0;
  for (const std::string& warning : request.warnings) {
    bytes += warning.size();
    if (bytes > kMaxBytes) break;
    response.headers.Add("Warning", "299 - " + Quoted(warning));
    ++said;
  }
  if (const size_t more = request.warnings.size() - said; more > 0)
    response.headers.Add("Warning", fmt::format("299 - \"{} more warnings\"", more));
  co_return response;
}

}  // namespace

Handler WithWarnings(Handler next) {
  return [next = std::move(next)](Request& request) { return Warned(request, next); };
}

}  // namespace gantry::apiserver
