#include "apiserver/filters/filters.h"

namespace gantry::apiserver {
namespace {

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
  for (const std::string& warning : request.warnings)
    response.headers.Add("Warning", "299 - " + Quoted(warning));
  co_return response;
}

}  // namespace

Handler WithWarnings(Handler next) {
  return [next = std::move(next)](Request& request) { return Warned(request, next); };
}

}  // namespace gantry::apiserver
