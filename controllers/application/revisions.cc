#include <fmt/format.h>

#include <algorithm>

#include "apis/gantry.dev/v1/resources.h"
#include "controllers/application/application_controller.h"

// The states of an application's template, kept for `rollout history` and `undo`.
namespace gantry::application {

namespace {

int64_t NumberOf(const Object& revision) { return GetInt(revision.spec(), "revision"); }

}  // namespace

Result<std::string> ApplicationReconciler::Record(const Context& ctx, const Object& application) {
  Object wanted = DesiredRevision(application);
  const std::string name(wanted.name());
  std::vector<ObjectPtr> all = Owned(application, revisions_);
  std::erase_if(all, [](const ObjectPtr& r) { return r->deleting(); });
  int64_t last = 0;
  ObjectPtr found;
  for (const ObjectPtr& r : all) {
    last = std::max(last, NumberOf(*r));
    if (r->name() == name) found = r;
  }
  if (!found || NumberOf(*found) != last) {
    // An earlier state that is wanted again is the newest now.
    if (found) wanted = *found;
    wanted.mutable_spec()["revision"] = last + 1;
    GANTRY_TRY(Write(ctx, application, revisions_, {wanted, found}));
  }
  GANTRY_TRY(PruneRevisions(ctx, application, std::move(all), name));
  return name;
}

Status ApplicationReconciler::PruneRevisions(const Context& ctx, const Object& application,
                                             std::vector<ObjectPtr> all,
                                             const std::string& current) {
  std::erase_if(all, [&](const ObjectPtr& r) { return r->name() == current; });
  const int limit = v1::ApplicationSpec::From(application).revision_history_limit;
  if (static_cast<int>(all.size()) <= limit) return OkStatus();
  std::sort(all.begin(), all.end(),
            [](const ObjectPtr& a, const ObjectPtr& b) { return NumberOf(*a) < NumberOf(*b); });
  all.resize(all.size() - static_cast<size_t>(std::max(0, limit)));
  for (const ObjectPtr& r : all) {
    client::DeleteOptions options;
    options.uid = r->uid();
    const Result<Object> gone = deps_.client.Delete(ctx, revisions_.resource, r->key(), options);
    if (!gone.ok() && gone.code() != Code::kNotFound)
      return gone.error().Wrap(fmt::format("delete revision {}", r->name()));
    own_revisions_.Deleted(application.key(), *r, gone.ok() ? *gone : Object());
  }
  return OkStatus();
}

}  // namespace gantry::application
