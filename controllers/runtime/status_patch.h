#pragma once

#include "apis/client/client.h"
#include "apis/machinery/meta/condition.h"
#include "controllers/runtime/reconciler.h"

namespace gantry::runtime {

// The status that a reconcile arrives at, written once at its end and only when it differs:
//
//   Result<Requeue> R::Reconcile(ctx, key) {
//     ...
//     StatusPatch patch(client_, v1::kServices, object, clock_);
//     return patch.Finish(ctx, ReconcileService(ctx, service, &patch));   // every path out
//   }
//
// Not thread-safe.
class StatusPatch {
 public:
  // Starts from the object's present status. `client` and `clock` outlive the patch.
  StatusPatch(const client::Client& client, client::Resource resource, ObjectPtr object,
              const Clock* clock);

  // The new status; change it freely. A member set to null is removed.
  Json& status() { return status_; }
  // Sets a condition for the object's generation.
  void SetCondition(std::string type, bool is_true, std::string reason, std::string message);
  void SetUnknown(std::string type, std::string reason, std::string message);
  void RemoveCondition(std::string_view type) { gantry::RemoveCondition(&status_, type); }

  // Sets observedGeneration and sends a merge patch of what changed to `/status`, conditional on
  // the object's resourceVersion. No request when nothing changed. kConflict when the object
  // changed meanwhile; an object that is gone is no error.
  Status Flush(const Context& ctx);
  // Flush, then `result`; an error of `result` wins over one of Flush.
  Result<Requeue> Finish(const Context& ctx, Result<Requeue> result);

 private:
  const client::Client& client_;
  const client::Resource resource_;
  const ObjectPtr object_;
  const Clock* const clock_;
  Json status_;
};

// The JSON merge patch (RFC 7386) that turns `from` into `to`; an empty object when they are equal.
// REQUIRES: both are objects.
Json MergePatchBetween(const Json& from, const Json& to);

}  // namespace gantry::runtime
