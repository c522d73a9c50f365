#include <algorithm>

#include "apiserver/filters/filters.h"
#include "apiserver/filters/metrics.h"
#include "apiserver/http/status_response.h"

namespace gantry::apiserver {
namespace {

constexpr char kAuthenticated[] = "system:authenticated";

void AddGroup(User* user, const char* group) {
  if (std::find(user->groups.begin(), user->groups.end(), group) == user->groups.end())
    user->groups.emplace_back(group);
}

// The user of a request, and `system:authenticated`; false when nobody.
bool Identify(const Authenticator* authenticator, Request* request) {
  Result<std::optional<User>> found = authenticator->Authenticate(*request);
  if (!found.ok() || !*found) return false;
  request->user = std::move(**found);
  AddGroup(&request->user, kAuthenticated);
  return true;
}

Task<Response> Answer(Request& request, const Handler& next, bool known) {
  const AuthMetrics& metrics = AuthMetrics::Get();
  (known ? metrics.success : metrics.failure).Increment();
  if (known) return next(request);
  if (IsHealthPath(request.path)) {
    request.user.name = "system:anonymous";
    request.user.groups = {"system:unauthenticated"};
    return next(request);
  }
  // Nothing about why: that would help guessing.
  return Ready(ErrorResponse(Error(Code::kUnauthorized, "Unauthorized")));
}

// Asks again when what is on its way is here.
Task<Response> AnswerLater(Request& request, const Handler& next,
                           const Authenticator* authenticator) {
  Callback<bool> learned([&request, authenticator](std::function<void(bool)> done) {
    if (!authenticator->Learn(request, [done] { done(true); })) done(false);
  });
  const bool again = co_await learned;
  const bool known = again && Identify(authenticator, &request);
  co_return co_await Answer(request, next, known);
}

}  // namespace

Handler WithAuthentication(Handler next, const Authenticator* authenticator) {
  return [next = std::move(next), authenticator](Request& request) {
    if (request.in_process) {
      AddGroup(&request.user, kAuthenticated);
      return next(request);
    }
    if (Identify(authenticator, &request)) return Answer(request, next, true);
    return AnswerLater(request, next, authenticator);
  };
}

}  // namespace gantry::apiserver
