#include "store/store.h"

#include <utility>

#include "apis/machinery/base/mutex.h"

namespace gantry::store {

Result<Revision> Store::Create(std::string_view key, std::string_view value) {
  return WriteAndWait({WriteOp::Kind::kCreate, std::string(key), std::string(value), 0});
}

Result<Revision> Store::Update(std::string_view key, std::string_view value, Revision expect) {
  return WriteAndWait({WriteOp::Kind::kUpdate, std::string(key), std::string(value), expect});
}

Result<Revision> Store::Delete(std::string_view key, Revision expect) {
  return WriteAndWait({WriteOp::Kind::kDelete, std::string(key), {}, expect});
}

Result<Revision> Store::WriteAndWait(WriteOp op) {
  Mutex mu;
  CondVar done_cv;
  std::optional<Result<Revision>> outcome;
  Write(std::move(op), [&](Result<Revision> r) {
    // Signalled under the lock: the waiter's frame is gone as soon as it sees the outcome.
    MutexLock lock(&mu);
    outcome.emplace(std::move(r));
    done_cv.Signal();
  });
  MutexLock lock(&mu);
  while (!outcome) done_cv.Wait(&mu);
  return *std::move(outcome);
}

}  // namespace gantry::store
