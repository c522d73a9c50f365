#include "kubectl-plugin/applier.h"

#include <fmt/format.h>

#include "kubectl-plugin/three_way.h"

namespace gantry::kubectl {
namespace {

constexpr int kAttempts = 5;

// Tells which step of applying failed.
Error During(const char* step, const std::string& source, const Error& e) {
  if (e.code == Code::kUnavailable) return e;  // not about this object
  return e.Wrap(source.empty() ? step : fmt::format("{} \"{}\"", step, source));
}

Json LastApplied(const Object& live) {
  const Result<Json> text = ParseJson(live.annotation(kLastApplied));
  return text.ok() ? *text : Json();
}

}  // namespace

Result<Applied> ApplyObject(Session& session, const ServedResource& type, const Object& manifest,
                            const ApplyOptions& options) {
  GANTRY_TRY_SET(const client::Client* client, session.client());
  const client::WriteOptions write{options.dry_run, options.field_validation,
                                   options.field_manager};
  const Json wanted = WithLastApplied(manifest.json());
  for (int attempt = 1;; ++attempt) {
    auto live = client->Get(session.ctx(), type.resource, manifest.key());
    if (!live.ok() && live.code() != Code::kNotFound) return live.error();
    if (!live.ok()) {
      auto created = client->Create(session.ctx(), type.resource, Object(wanted), write);
      if (created.ok()) return Applied{*std::move(created), "created"};
      if (created.code() == Code::kAlreadyExists && attempt < kAttempts) continue;
      return During("error when creating", options.source, created.error());
    }
    const Json patch = ThreeWayMergePatch(LastApplied(*live), wanted, live->json());
    if (patch.empty()) return Applied{*std::move(live), "unchanged"};
    auto patched = client->Patch(session.ctx(), type.resource, manifest.key(),
                                 client::PatchType::kMerge, patch, "", write);
    if (patched.ok()) {
      const bool same = patched->resource_version() == live->resource_version() && !options.dry_run;
      return Applied{*std::move(patched), same ? "unchanged" : "configured"};
    }
    const bool passing = patched.code() == Code::kConflict || patched.code() == Code::kNotFound;
    if (!passing || attempt == kAttempts)
      return During("error when patching", options.source, patched.error());
  }
}

}  // namespace gantry::kubectl
