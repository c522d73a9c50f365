#pragma once

#include "store/store.h"

// The checks that every backend makes before a write, in one place. Pure.
namespace gantry::store {

// The key's and the value's sizes.
Status CheckSizes(const WriteOp& op);
// The write's condition against the key's present mod_revision, 0 when it is not live.
Status CheckPrecondition(const WriteOp& op, Revision live);
// kInvalid when `at` is after `current`, kExpired when it is before `horizon`.
Status CheckReadable(Revision at, Revision horizon, Revision current);

}  // namespace gantry::store
