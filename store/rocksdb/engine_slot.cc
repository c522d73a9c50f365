#include "store/rocksdb/engine_slot.h"

#include <rocksdb/env.h>

namespace gantry::store {

Result<std::unique_ptr<EngineSlot>> EngineSlot::Open(const std::string& dir,
                                                     const EngineOptions& options) {
  GANTRY_TRY_SET(auto engine, Engine::Open(dir, options));
  return std::unique_ptr<EngineSlot>(new EngineSlot(dir, options, std::move(engine)));
}

Result<EngineSlot::Use> EngineSlot::Get() {
  std::shared_lock lock(mu_);
  Engine* const engine = engine_.get();
  if (engine == nullptr) {
    return Error(Code::kUnavailable, "the store could not be opened again after a fault");
  }
  return Use(std::move(lock), engine);
}

Status EngineSlot::CheckSpace() const {
  rocksdb::Env* const env = options_.env != nullptr ? options_.env : rocksdb::Env::Default();
  uint64_t free = 0;
  const rocksdb::Status s = env->GetFreeSpace(dir_, &free);
  // Where it cannot be told, opening will.
  if (!s.ok() || free >= kSpaceToOpen) return OkStatus();
  return Error(Code::kUnavailable, std::to_string(free) + " bytes free");
}

Status EngineSlot::Reopen(Revision last, const std::function<void()>& closed) {
  GANTRY_TRY(CheckSpace());
  std::unique_lock lock(mu_);
  engine_.reset();
  closed();
  GANTRY_TRY_SET(auto engine, Engine::Open(dir_, options_));
  GANTRY_TRY(engine->RemoveAfter(last));
  GANTRY_TRY(engine->Flush());
  engine_ = std::move(engine);
  return OkStatus();
}

}  // namespace gantry::store
