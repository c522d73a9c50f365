#include <algorithm>

#include "apis/machinery/base/log.h"
#include "apiserver/filters/filters.h"
#include "apiserver/http/status_response.h"

namespace gantry::apiserver {
namespace {

constexpr char kHeader[] = "Audit-Id";
constexpr size_t kLongestId = 64;

// Letters, digits and a few marks: nothing that a log or a page could take for something else.
bool IsSaneId(std::string_view id) {
  return !id.empty() && id.size() <= kLongestId && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':';
  });
}

Task<Response> Identified(Request& request, const Handler& next, Random* random) {
  const std::string_view asked = request.headers.Get(kHeader);
  request.id = IsSaneId(asked) ? std::string(asked) : NewUuid(random);
  Response response = co_await next(request);
  response.headers.Set(kHeader, request.id);
  co_return response;
}

Task<Response> Guarded(Request& request, const Handler& next) {
  std::string what;
  try {
    Response response = co_await next(request);
    co_return response;
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
    what = "an exception of an unknown type";
  }
  LOG_ERROR("request failed unexpectedly", {"id", request.id}, {"user", request.user.name},
            {"verb", request.info.verb}, {"uri", LoggableUri(request)}, {"error", what});
  co_return ErrorResponse(
      Error(Code::kInternal, "an unexpected error; the server's log has more under " + request.id));
}

}  // namespace

Handler WithRequestId(Handler next, Random* random) {
  return [next = std::move(next), random](Request& request) {
    return Identified(request, next, random);
  };
}

Handler WithPanicGuard(Handler next) {
  return [next = std::move(next)](Request& request) { return Guarded(request, next); };
}

}  // namespace gantry::apiserver
