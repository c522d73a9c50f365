#include <algorithm>

#include "apis/gantry.dev/v1/resources.h"
#include "controllers/service/objects.h"
#include "controllers/service/service_controller.h"

// Looking for a newer image of the same name.
namespace gantry::service {

namespace {

constexpr char kRedeployed[] = "Redeployed";

std::string ImageOf(const Object& o) { return GetString(GetObject(o.spec(), "template"), "image"); }

// The first container with the image's name whose host can be asked; null when there is none.
ObjectPtr Askable(const std::vector<Instance>& instances, const Object& service,
                  const std::string& image, const runtime::Lister& containers) {
  ObjectPtr best;
  for (const Instance& i : instances) {
    if (i.deleting || i.node.empty() || i.node_silent) continue;
    const ObjectPtr c = containers.Get({std::string(service.ns()), i.name});
    if (c && ImageOf(*c) == image && (!best || c->name() < best->name())) best = c;
  }
  return best;
}

}  // namespace

Result<ServiceReconciler::Redeployment> ServiceReconciler::Redeploy(
    const Context& ctx, const Object& service, const Object& revision,
    const std::vector<Instance>& instances, runtime::StatusPatch* patch) {
  const std::string asked(service.annotation(v1::kAnnotationRedeployedAt));
  if (asked.empty() || asked == GetString(service.status(), "redeployedAt"))
    return Redeployment::kNone;
  const std::string named = ImageOf(revision);
  const ObjectPtr container = Askable(instances, service, named, *deps_.containers);
  if (!container) {
    patch->SetCondition(kRedeployed, false, "Waiting", "waits for a container on a host");
    return Redeployment::kNone;
  }
  const Json& check = GetObject(container->status(), "imageCheck");
  if (GetString(check, "requestedAt") != asked) {
    patch->SetCondition(kRedeployed, false, "Looking", "looks for the newest image");
    if (container->annotation(v1::kAnnotationRedeployedAt) == asked) return Redeployment::kLooking;
    GANTRY_TRY(deps_.client
                   .Patch(ctx, v1::kContainers, container->key(), client::PatchType::kMerge,
                          {{"metadata", {{"annotations", {{v1::kAnnotationRedeployedAt, asked}}}}}})
                   .Wrap("ask for the newest image"));
    return Redeployment::kLooking;
  }
  const std::string image = GetString(check, "image");
  if (image.empty()) {
    patch->SetCondition(kRedeployed, false, GetString(check, "reason"),
                        GetString(check, "message"));
  } else if (GetString(revision.spec(), "resolvedImage") == image) {
    patch->SetCondition(kRedeployed, true, "Newest", "runs the newest image, " + image);
  } else if (PinnedImage(service) == image || ImageOf(service) != named) {
    patch->SetCondition(kRedeployed, false, "Paused", "paused; the newest image is " + image);
  } else {
    // The annotation makes another revision, and brings this service back.
    GANTRY_TRY(deps_.client.Patch(
        ctx, v1::kServices, service.key(), client::PatchType::kMerge,
        {{"metadata",
          {{"resourceVersion", service.resource_version()},
           {"annotations", {{v1::kAnnotationPinnedImage, named + " " + image}}}}}}));
    return Error(Code::kConflict, "a newer image is taken up");
  }
  patch->status()["redeployedAt"] = asked;
  return Redeployment::kAnswered;
}

}  // namespace gantry::service
