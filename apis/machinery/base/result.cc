#include "apis/machinery/base/result.h"

namespace gantry {

std::string_view CodeName(Code code) {
  switch (code) {
    case Code::kBadRequest: return "bad request";
    case Code::kUnauthorized: return "unauthorized";
    case Code::kForbidden: return "forbidden";
    case Code::kNotFound: return "not found";
    case Code::kMethodNotAllowed: return "method not allowed";
    case Code::kNotAcceptable: return "not acceptable";
    case Code::kAlreadyExists: return "already exists";
    case Code::kConflict: return "conflict";
    case Code::kExpired: return "expired";
    case Code::kTooLarge: return "too large";
    case Code::kUnsupportedMediaType: return "unsupported media type";
    case Code::kInvalid: return "invalid";
    case Code::kTooManyRequests: return "too many requests";
    case Code::kCancelled: return "cancelled";
    case Code::kInternal: return "internal error";
    case Code::kUnavailable: return "unavailable";
    case Code::kTimeout: return "timeout";
    case Code::kDataLoss: return "data loss";
  }
  return "unknown";
}

}  // namespace gantry
