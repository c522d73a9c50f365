#include "controllers/runtime/reconciler.h"

#include <algorithm>

namespace gantry::runtime {
namespace {
constexpr char kTerminalCause[] = "TerminalError";
}

Requeue Requeue::Sooner(const Requeue& a, const Requeue& b) {
  if (a.kind == Kind::kNever) return b;
  if (b.kind == Kind::kNever) return a;
  return a.delay <= b.delay ? a : b;  // the delay of kNow is zero
}

Error TerminalError(Error error) {
  ErrorDetails details = error.details ? *error.details : ErrorDetails{};
  details.causes.push_back({kTerminalCause, "", ""});
  return Error(error.code, std::move(error.message), std::move(details));
}

bool IsTerminal(const Error& error) {
  if (!error.details) return false;
  const auto& causes = error.details->causes;
  return std::any_of(causes.begin(), causes.end(),
                     [](const ErrorCause& c) { return c.reason == kTerminalCause; });
}

}  // namespace gantry::runtime
