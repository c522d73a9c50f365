#include "kubectl-plugin/errors.h"

#include <fmt/format.h>

#include <algorithm>

#include "apis/machinery/meta/status.h"

namespace gantry::kubectl {
namespace {

bool StartsWith(std::string_view text, std::string_view head) {
  return text.substr(0, head.size()) == head;
}

// The causes in the words of a user, each once.
std::vector<std::string> Causes(const ErrorDetails& details) {
  std::vector<std::string> out;
  for (const ErrorCause& cause : details.causes) {
    std::string text = cause.field.empty() ? cause.message : cause.field + ": " + cause.message;
    if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(std::move(text));
  }
  return out;
}

}  // namespace

Error LocalError(std::string_view message) {
  return Error(Code::kBadRequest, fmt::format("error: {}", message));
}

std::string FormatError(const Error& error) {
  for (const char* own : {"error: ", "Unable to connect", "The connection to the server"}) {
    if (StartsWith(error.message, own)) return error.message;
  }
  if (error.code == Code::kInvalid && error.details && !error.details->kind.empty()) {
    const std::string head =
        fmt::format("The {} \"{}\" is invalid", error.details->kind, error.details->name);
    const std::vector<std::string> causes = Causes(*error.details);
    if (causes.size() == 1) return head + ": " + causes[0];
    if (!causes.empty()) {
      std::string out = head + ":";
      for (const std::string& cause : causes) out += "\n* " + cause;
      return out;
    }
  }
  if (error.code == Code::kUnauthorized) {
    return "error: You must be logged in to the server (Unauthorized)";
  }
  const std::string_view reason = StatusReason(error.code);
  if (reason.empty()) return "Error from server: " + error.message;
  return fmt::format("Error from server ({}): {}", reason, error.message);
}

}  // namespace gantry::kubectl
