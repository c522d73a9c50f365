#include "apiserver/filters/impersonation.h"

#include <algorithm>

#include "apiserver/filters/filters.h"
#include "apiserver/http/status_response.h"
#include "apiserver/http/url.h"

namespace gantry::apiserver {
namespace {

constexpr std::string_view kExtraPrefix = "Impersonate-Extra-";
constexpr std::string_view kServiceAccountPrefix = "system:serviceaccount:";
constexpr char kAnonymous[] = "system:anonymous";
constexpr char kAll[] = "system:authenticated";
constexpr char kNobody[] = "system:unauthenticated";

// The namespace and name of `system:serviceaccount:<namespace>:<name>`.
std::optional<std::pair<std::string, std::string>> ServiceAccountOf(std::string_view user) {
  if (!user.starts_with(kServiceAccountPrefix)) return std::nullopt;
  user.remove_prefix(kServiceAccountPrefix.size());
  const size_t colon = user.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == user.size() ||
      user.find(':', colon + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return std::pair(std::string(user.substr(0, colon)), std::string(user.substr(colon + 1)));
}

// `Impersonate-Extra-Example.com%2Fscope` is about the key `example.com/scope`.
std::string ExtraKey(std::string_view header) {
  std::string key(header.substr(kExtraPrefix.size()));
  for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::optional<std::string> decoded = DecodePath(key);
  return decoded ? *std::move(decoded) : key;
}

// Whom the headers name; nothing without any of them.
Result<std::optional<User>> Wanted(const Headers& headers) {
  User user;
  user.name = headers.Get("Impersonate-User");
  user.uid = headers.Get("Impersonate-Uid");
  for (const std::string_view group : headers.GetAll("Impersonate-Group")) {
    user.groups.emplace_back(group);
  }
  for (const auto& [name, value] : headers.all()) {
    const bool extra =
        name.size() > kExtraPrefix.size() &&
        EqualsIgnoreCase(std::string_view(name).substr(0, kExtraPrefix.size()), kExtraPrefix);
    if (extra) user.extra[ExtraKey(name)].push_back(value);
  }
  if (!user.name.empty()) return std::optional<User>(std::move(user));
  if (user.uid.empty() && user.groups.empty() && user.extra.empty()) return std::optional<User>();
  return Error(Code::kBadRequest,
               "groups, uid and extra are impersonated only together with a user: Impersonate-User "
               "is missing");
}

// A piece of an identity that the sender must be allowed to take.
struct Piece {
  std::string group;
  std::string resource;
  std::string subresource;
  std::string ns;
  std::string name;
};

std::vector<Piece> PiecesOf(const User& wanted) {
  std::vector<Piece> pieces;
  if (const auto account = ServiceAccountOf(wanted.name)) {
    pieces.push_back({"", "serviceaccounts", "", account->first, account->second});
  } else {
    pieces.push_back({"", "users", "", "", wanted.name});
  }
  for (const std::string& group : wanted.groups) pieces.push_back({"", "groups", "", "", group});
  for (const auto& [key, values] : wanted.extra) {
    for (const std::string& value : values) {
      pieces.push_back({"authentication.k8s.io", "userextras", key, "", value});
    }
  }
  if (!wanted.uid.empty()) pieces.push_back({"authentication.k8s.io", "uids", "", "", wanted.uid});
  return pieces;
}

// The groups that somebody of this name is in without being told.
void AddImpliedGroups(User* user) {
  if (const auto account = ServiceAccountOf(user->name); account && user->groups.empty()) {
    user->groups = {"system:serviceaccounts", "system:serviceaccounts:" + account->first};
  }
  const auto has = [user](const char* group) {
    return std::find(user->groups.begin(), user->groups.end(), group) != user->groups.end();
  };
  if (has(kAll) || has(kNobody)) return;
  user->groups.emplace_back(user->name == kAnonymous ? kNobody : kAll);
}

}  // namespace

Result<std::optional<User>> Impersonated(const Authorizer& authorizer, const User& sender,
                                         const Headers& headers, const std::string& path) {
  GANTRY_TRY_SET(std::optional<User> wanted, Wanted(headers));
  if (!wanted) return wanted;
  for (const Piece& piece : PiecesOf(*wanted)) {
    RequestInfo info;
    info.is_resource = true;
    info.verb = "impersonate";
    info.group = piece.group;
    info.resource = piece.resource;
    info.subresource = piece.subresource;
    info.ns = piece.ns;
    info.name = piece.name;
    const AccessRequest access{sender, info, path};
    std::string reason;
    if (!authorizer.Decide(access, &reason)) return ForbiddenError(access, reason);
  }
  AddImpliedGroups(&*wanted);
  return wanted;
}

Handler WithImpersonation(Handler next, const Authorizer* authorizer) {
  return [next = std::move(next), authorizer](Request& request) {
    Result<std::optional<User>> found =
        Impersonated(*authorizer, request.user, request.headers, request.path);
    if (!found.ok()) return Ready(ErrorResponse(found.error()));
    if (!*found) return next(request);
    request.impersonator = std::move(request.user);
    request.user = std::move(**found);
    return next(request);
  };
}

}  // namespace gantry::apiserver
