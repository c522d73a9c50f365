#pragma once

#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <utility>

#include "store/rocksdb/engine.h"

namespace gantry::store {

// Holds the engine of an open store, and can exchange it for a freshly opened one while the store
// is in use: RocksDB's own way to go on after an error may wait for ever for a flush that has
// failed. Thread-safe.
class EngineSlot {
 public:
  // The engine while it is in use. Short-lived: an exchange waits for it.
  class Use {
   public:
    Engine* get() const { return engine_; }
    Engine* operator->() const { return engine_; }

   private:
    friend class EngineSlot;
    Use(std::shared_lock<std::shared_mutex> lock, Engine* engine)
        : lock_(std::move(lock)), engine_(engine) {}

    std::shared_lock<std::shared_mutex> lock_;
    Engine* engine_;
  };

  // As Engine::Open.
  static Result<std::unique_ptr<EngineSlot>> Open(const std::string& dir,
                                                  const EngineOptions& options);

  // Blocks while the engine is exchanged; kUnavailable when it could not be opened again.
  Result<Use> Get();

  // Closes the engine and opens it as it was at revision `last`: what was written after that, and
  // was not acknowledged, is removed, and all else is in synced files. `closed` is called in
  // between, when the old engine reports no more faults. kUnavailable when the disk has less
  // than kSpaceToOpen, and then nothing was done, or when opening failed.
  Status Reopen(Revision last, const std::function<void()>& closed);

  static constexpr uint64_t kSpaceToOpen = 8 << 20;  // bytes

 private:
  EngineSlot(std::string dir, EngineOptions options, std::unique_ptr<Engine> engine)
      : dir_(std::move(dir)), options_(std::move(options)), engine_(std::move(engine)) {}

  Status CheckSpace() const;

  const std::string dir_;
  const EngineOptions options_;
  std::shared_mutex mu_;
  std::unique_ptr<Engine> engine_;  // guarded by mu_; null when it could not be opened again
};

}  // namespace gantry::store
