#include "apiserver/auth/authorizer.h"

#include <fmt/format.h>

#include <algorithm>

#include "apis/machinery/meta/gvk.h"

namespace gantry::apiserver {
namespace {

class MastersAuthorizer final : public Authorizer {
 public:
  bool Allowed(const AccessRequest& access) const override {
    const auto& groups = access.user.groups;
    return std::find(groups.begin(), groups.end(), "system:masters") != groups.end();
  }
};

}  // namespace

std::unique_ptr<Authorizer> NewMastersAuthorizer() { return std::make_unique<MastersAuthorizer>(); }

Error ForbiddenError(const AccessRequest& access) {
  const RequestInfo& info = access.info;
  if (!info.is_resource) {
    return Error(Code::kForbidden, fmt::format("forbidden: User \"{}\" cannot {} path \"{}\"",
                                               access.user.name, info.verb, access.path));
  }
  std::string resource = info.resource;
  if (!info.subresource.empty()) resource += "/" + info.subresource;
  std::string subject = GroupResource{info.group, info.resource}.ToString();
  if (!info.name.empty()) subject += fmt::format(" \"{}\"", info.name);
  std::string message =
      fmt::format("{} is forbidden: User \"{}\" cannot {} resource \"{}\" in API group \"{}\"",
                  subject, access.user.name, info.verb, resource, info.group);
  message +=
      info.ns.empty() ? " at the cluster scope" : fmt::format(" in the namespace \"{}\"", info.ns);
  ErrorDetails details;
  details.group = info.group;
  details.kind = info.resource;
  details.name = info.name;
  return Error(Code::kForbidden, std::move(message), std::move(details));
}

}  // namespace gantry::apiserver
