#include "store/precondition.h"

#include <fmt/format.h>

namespace gantry::store {

Status CheckSizes(const WriteOp& op) {
  if (op.key.empty() || op.key.size() > kMaxKeyBytes) {
    return Error(Code::kInvalid, fmt::format("a key has 1 to {} bytes, this one has {}",
                                             kMaxKeyBytes, op.key.size()));
  }
  const size_t size = op.value.size() - op.overhead;
  if (size > kMaxValueBytes) {
    return Error(Code::kTooLarge,
                 fmt::format("key \"{}\": a value has at most {} bytes, this one has {}", op.key,
                             kMaxValueBytes, size));
  }
  return OkStatus();
}

Status CheckPrecondition(const WriteOp& op, Revision live) {
  if (op.kind == WriteOp::Kind::kCreate) {
    if (live == 0) return OkStatus();
    return Error(Code::kAlreadyExists,
                 fmt::format("key \"{}\" exists since revision {}", op.key, live));
  }
  if (live == 0) return Error(Code::kNotFound, fmt::format("key \"{}\" does not exist", op.key));
  if (op.expect != 0 && op.expect != live) {
    return Error(Code::kConflict,
                 fmt::format("key \"{}\" is at revision {}, expected {}", op.key, live, op.expect));
  }
  return OkStatus();
}

Status CheckReadable(Revision at, Revision horizon, Revision current) {
  if (at < 0 || at > current) {
    return Error(Code::kInvalid,
                 fmt::format("revision {} is not between 0 and the newest one, {}", at, current));
  }
  if (at < horizon) {
    return Error(Code::kExpired,
                 fmt::format("revision {} was compacted, the oldest one kept is {}", at, horizon));
  }
  return OkStatus();
}

}  // namespace gantry::store
