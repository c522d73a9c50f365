#include "controllers/runtime/status_patch.h"

namespace gantry::runtime {

StatusPatch::StatusPatch(const client::Client& client, client::Resource resource, ObjectPtr object,
                         const Clock* clock)
    : client_(client),
      resource_(std::move(resource)),
      object_(std::move(object)),
      clock_(clock),
      status_(object_->status()) {}

void StatusPatch::SetCondition(std::string type, bool is_true, std::string reason,
                               std::string message) {
  gantry::SetCondition(&status_,
                       {std::move(type), is_true ? "True" : "False", std::move(reason),
                        std::move(message), object_->generation()},
                       clock_->Now());
}

void StatusPatch::SetUnknown(std::string type, std::string reason, std::string message) {
  gantry::SetCondition(
      &status_,
      {std::move(type), "Unknown", std::move(reason), std::move(message), object_->generation()},
      clock_->Now());
}

Status StatusPatch::Flush(const Context& ctx) {
  if (object_->generation() > 0) status_["observedGeneration"] = object_->generation();
  Json wanted = Json::object();
  for (auto& [field, value] : status_.items()) {
    if (!value.is_null()) wanted[field] = value;
  }
  const Json diff = MergePatchBetween(object_->status(), wanted);
  if (diff.empty()) return OkStatus();
  Json patch = {{"status", diff}};
  if (!object_->resource_version().empty())
    patch["metadata"]["resourceVersion"] = object_->resource_version();
  const Result<Object> written =
      client_.Patch(ctx, resource_, object_->key(), client::PatchType::kMerge, patch, "status");
  if (!written.ok() && written.code() != Code::kNotFound)
    return written.error().Wrap("write status");
  return OkStatus();
}

Result<Requeue> StatusPatch::Finish(const Context& ctx, Result<Requeue> result) {
  const Status flushed = Flush(ctx);
  if (!result.ok() || flushed.ok()) return result;
  return flushed.error();
}

Json MergePatchBetween(const Json& from, const Json& to) {
  Json patch = Json::object();
  for (const auto& [field, value] : from.items()) {
    if (!to.contains(field)) patch[field] = nullptr;
  }
  for (const auto& [field, value] : to.items()) {
    const auto had = from.find(field);
    if (had == from.end()) {
      patch[field] = value;
    } else if (had->is_object() && value.is_object()) {
      Json inner = MergePatchBetween(*had, value);
      if (!inner.empty()) patch[field] = std::move(inner);
    } else if (*had != value) {
      patch[field] = value;
    }
  }
  return patch;
}

}  // namespace gantry::runtime
