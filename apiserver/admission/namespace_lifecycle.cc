#include "apiserver/admission/namespace_lifecycle.h"

#include "apis/machinery/meta/status.h"
#include "apiserver/storage/keys.h"

namespace gantry::apiserver {

Status NamespaceLifecycle(CacheSet* caches, const AdmissionRequest& r) {
  if (r.operation != AdmissionRequest::Operation::kCreate || r.ns.empty()) return OkStatus();
  const EntryPtr ns = caches->Get({"", "namespaces"})->Get(RelativeKey({"", r.ns}));
  if (!ns) return NotFoundError("", "namespaces", r.ns);
  if (!ns->header().deleting) return OkStatus();

  const std::string why = fmt::format(
      "unable to create new content in namespace {} because it is being terminated", r.ns);
  ErrorDetails details;
  details.group = r.definition.group;
  details.kind = r.definition.plural;
  details.name = r.name;
  details.causes.push_back({"NamespaceTerminating",
                            fmt::format("namespace {} is being terminated", r.ns),
                            "metadata.namespace"});
  return Error(Code::kForbidden,
               fmt::format("{} \"{}\" is forbidden: {}", r.definition.group_resource().ToString(),
                           r.name, why),
               std::move(details));
}

}  // namespace gantry::apiserver
