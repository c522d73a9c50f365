#include "controllers/drivers/docker/errors.h"

#include "apis/machinery/base/json.h"

namespace gantry::docker {
namespace {

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The engine has no code for it, only these words (port allocator, and the kernel's for a foreign
// process).
bool IsPortTaken(std::string_view message) {
  return Contains(message, "port is already allocated") ||
         Contains(message, "address already in use");
}

std::string MessageOf(int status, std::string_view body) {
  std::string text;
  if (auto json = ParseJson(body); json.ok() && json->is_object()) {
    if (auto it = json->find("message"); it != json->end() && it->is_string()) {
      text = it->get<std::string>();
    }
  } else {
    text = body.substr(0, 1024);
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text.empty() ? fmt::format("engine answered with status {}", status) : text;
}

Code CodeOf(int status) {
  switch (status) {
    case 400:
    case 406: return Code::kBadRequest;
    case 401: return Code::kUnauthorized;
    case 403: return Code::kForbidden;
    case 404: return Code::kNotFound;
    case 409: return Code::kConflict;
    case 429: return Code::kTooManyRequests;
    case 502:
    case 503: return Code::kUnavailable;
    case 504: return Code::kTimeout;
    default: return Code::kInternal;
  }
}

}  // namespace

Error ErrorFromAnswer(int status, std::string_view body) {
  std::string message = MessageOf(status, body);
  const Code code = IsPortTaken(message) ? Code::kAlreadyExists : CodeOf(status);
  return Error(code, std::move(message));
}

Error ErrorFromPull(std::string_view message) {
  for (std::string_view denied : {"not found", "manifest unknown", "pull access denied",
                                  "no matching manifest", "does not exist", "invalid reference"}) {
    if (Contains(message, denied)) return Error(Code::kNotFound, std::string(message));
  }
  if (Contains(message, "unauthorized") || Contains(message, "no basic auth credentials")) {
    return Error(Code::kForbidden, std::string(message));
  }
  return Error(Code::kInternal, std::string(message));
}

}  // namespace gantry::docker
