#pragma once

#include "apis/machinery/managedfields/managed_fields.h"
#include "apis/machinery/managedfields/versions.h"

// Server-side apply (kubernetes.io/docs, "Server-Side Apply"): a manager states the fields that it
// wants, and owns what it stated. Pure.
namespace gantry::managedfields {

struct ApplyRequest {
  const Json& config;  // an object
  // manager, api_version, subresource and time; its operation is Apply.
  Entry who;
  bool force = false;
  // The versions of the kind: who only holds fields of one that is not served any more, loses them.
  // Null: all have the names of this one.
  const Versions* versions = nullptr;
};

struct Applied {
  Json object;
  ManagedFields managed;
};

// Merges the configuration into `live` (null: there is no object yet) and says who owns what then.
//  - A field whose value would change, and that another manager owns, is a conflict: kConflict with
//    one cause FieldManagerConflict each, or taken away from the other with `force`.
//  - A field with the value that it has already is owned by both.
//  - What the manager applied before, leaves out now, and nobody else owns, is removed.
//  - An object without entries is taken as written by `before-first-apply`.
//  - The manager `kubectl` is not in conflict over what its client-side apply wrote last
//  (annotation
//    kubectl.kubernetes.io/last-applied-configuration), and keeps that annotation up to date.
// The time of the manager's entry moves when the object or its set of fields changes. Defaults are
// not filled in, and so owned by nobody. Errors are those of conversions, and kBadRequest, in
// kube-apiserver's words, when the configuration has fields that the schema does not know, or
// repeated items.
Result<Applied> Apply(const schema::Node& root, const Json* live, const ManagedFields& managed,
                      const ApplyRequest& request);

}  // namespace gantry::managedfields
