#include "apiserver/auth/authorizer.h"

#include <fmt/format.h>

#include <algorithm>

#include "apis/machinery/meta/gvk.h"

namespace gantry::apiserver {
namespace {

class MastersAuthorizer final : public Authorizer {
 public:
  bool Decide(const AccessRequest& access, std::string*) const override {
    return IsMaster(access.user);
  }
};

}  // namespace

bool IsMaster(const User& user) {
  return std::find(user.groups.begin(), user.groups.end(), "system:masters") != user.groups.end();
}

const std::string& NamespaceOf(const RequestInfo& info) {
  const bool of_one =
      info.verb == "get" || info.verb == "update" || info.verb == "patch" || info.verb == "delete";
  const bool within_itself =
      info.ns.empty() && info.group.empty() && info.resource == "namespaces" && of_one;
  return within_itself ? info.name : info.ns;
}

std::unique_ptr<Authorizer> NewMastersAuthorizer() { return std::make_unique<MastersAuthorizer>(); }

Error ForbiddenError(const AccessRequest& access, const std::string& reason) {
  const RequestInfo& info = access.info;
  const std::string why = reason.empty() ? "" : ": " + reason;
  if (!info.is_resource) {
    return Error(Code::kForbidden, fmt::format("forbidden: User \"{}\" cannot {} path \"{}\"{}",
                                               access.user.name, info.verb, access.path, why));
  }
  std::string resource = info.resource;
  if (!info.subresource.empty()) resource += "/" + info.subresource;
  std::string subject = GroupResource{info.group, info.resource}.ToString();
  if (!info.name.empty()) subject += fmt::format(" \"{}\"", info.name);
  std::string message =
      fmt::format("{} is forbidden: User \"{}\" cannot {} resource \"{}\" in API group \"{}\"",
                  subject, access.user.name, info.verb, resource, info.group);
  const std::string& ns = NamespaceOf(info);
  message += ns.empty() ? " at the cluster scope" : fmt::format(" in the namespace \"{}\"", ns);
  message += why;
  ErrorDetails details;
  details.group = info.group;
  details.kind = info.resource;
  details.name = info.name;
  return Error(Code::kForbidden, std::move(message), std::move(details));
}

}  // namespace gantry::apiserver
