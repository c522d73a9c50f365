#pragma once

#include "apis/machinery/base/context.h"
#include "apis/machinery/meta/gvk.h"

namespace gantry::runtime {

// When a key is to be looked at again although nothing changed.
struct Requeue {
  enum class Kind { kNever, kNow, kAfter };
  Kind kind = Kind::kNever;
  Duration delay{};

  static Requeue Never() { return {}; }
  static Requeue Now() { return {Kind::kNow, {}}; }
  static Requeue After(Duration d) { return {Kind::kAfter, d}; }
  // The earlier of the two.
  static Requeue Sooner(const Requeue& a, const Requeue& b);
};

// Brings the world towards what one object wants. It is given a key and nothing else: it reads the
// present state, plans and acts, and every call may be the first one or a repetition. Calls for one
// key never overlap; calls for different keys run at once.
//
// An error is retried with backoff; kConflict quietly, because the next look has the newer object.
// A TerminalError is not retried until something changes.
class Reconciler {
 public:
  virtual ~Reconciler() = default;
  virtual Result<Requeue> Reconcile(const Context& ctx, const ObjectKey& key) = 0;
};

// `error`, marked so that trying again is pointless until the object changes. Survives Wrap.
Error TerminalError(Error error);
bool IsTerminal(const Error& error);

}  // namespace gantry::runtime
