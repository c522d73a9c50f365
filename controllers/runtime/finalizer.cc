#include "controllers/runtime/finalizer.h"

namespace gantry::runtime {
namespace {

Result<Object> PatchFinalizers(const Context& ctx, const client::Client& client,
                               const client::Resource& resource, const Object& object,
                               const std::vector<std::string>& finalizers) {
  const Json patch = {
      {"metadata", {{"finalizers", finalizers}, {"resourceVersion", object.resource_version()}}}};
  return client.Patch(ctx, resource, object.key(), client::PatchType::kMerge, patch);
}

}  // namespace

Result<Object> AddFinalizer(const Context& ctx, const client::Client& client,
                            const client::Resource& resource, const Object& object,
                            const std::string& finalizer) {
  if (object.has_finalizer(finalizer)) return object;
  std::vector<std::string> finalizers = object.finalizers();
  finalizers.push_back(finalizer);
  return PatchFinalizers(ctx, client, resource, object, finalizers);
}

Status RemoveFinalizer(const Context& ctx, const client::Client& client,
                       const client::Resource& resource, const Object& object,
                       const std::string& finalizer) {
  if (!object.has_finalizer(finalizer)) return OkStatus();
  std::vector<std::string> finalizers = object.finalizers();
  std::erase(finalizers, finalizer);
  const auto patched = PatchFinalizers(ctx, client, resource, object, finalizers);
  if (!patched.ok() && patched.code() != Code::kNotFound) return patched.error();
  return OkStatus();
}

}  // namespace gantry::runtime
