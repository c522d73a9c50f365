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

}  // namespace

Handler WithAuthentication(Handler next, const Authenticator* authenticator) {
  AuthMetrics& metrics = AuthMetrics::Get();
  return [next = std::move(next), authenticator, &metrics](Request& request) {
    if (request.in_process) {
      AddGroup(&request.user, kAuthenticated);
      return next(request);
    }
    Result<std::optional<User>> found = authenticator->Authenticate(request);
    const bool known = found.ok() && found->has_value();
    (known ? metrics.success : metrics.failure).Increment();
    if (known) {
      request.user = std::move(**found);
      AddGroup(&request.user, kAuthenticated);
      return next(request);
    }
    if (IsHealthPath(request.path)) {
      request.user.name = "system:anonymous";
      request.user.groups = {"system:unauthenticated"};
      return next(request);
    }
    // Nothing about why: that would help guessing.
    return Ready(ErrorResponse(Error(Code::kUnauthorized, "Unauthorized")));
  };
}

}  // namespace gantry::apiserver
