#include "store/rocksdb/rocksdb_store.h"

#include <rocksdb/utilities/checkpoint.h>

#include <utility>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/mutex.h"
#include "apis/machinery/base/sync_point.h"
#include "store/precondition.h"
#include "store/rocksdb/committer.h"
#include "store/rocksdb/compactor.h"
#include "store/rocksdb/engine_slot.h"
#include "store/rocksdb/reader.h"
#include "store/watch_hub.h"

namespace gantry::store {
namespace {

// An error of the engine can come before the committer is there to take it.
class ErrorLatch {
 public:
  void Report(const EngineFault& fault) {
    MutexLock lock(&mu_);
    if (committer_ != nullptr) {
      committer_->Fail(fault);
    } else if (!early_) {
      early_ = fault;
    }
  }
  void Attach(Committer* committer) {
    MutexLock lock(&mu_);
    committer_ = committer;
    if (committer != nullptr && early_) committer->Fail(*early_);
  }

 private:
  Mutex mu_;
  Committer* committer_ GUARDED_BY(mu_) = nullptr;
  std::optional<EngineFault> early_ GUARDED_BY(mu_);
};

class RocksDbStore : public Store {
 public:
  RocksDbStore(std::unique_ptr<EngineSlot> slot, std::shared_ptr<ErrorLatch> errors,
               Revision horizon, Revision last, std::chrono::milliseconds recovery_interval)
      : errors_(std::move(errors)),
        slot_(std::move(slot)),
        window_{last, horizon},
        reader_(slot_.get(), &window_),
        hub_(&reader_, Clock::Real()),
        committer_(slot_.get(), &window_, &hub_, recovery_interval) {
    errors_->Attach(&committer_);
  }
  ~RocksDbStore() override { errors_->Attach(nullptr); }

  void Write(WriteOp op, std::function<void(Result<Revision>)> done) override {
    committer_.Write(std::move(op), std::move(done));
  }
  Result<GetResult> Get(std::string_view key, Revision at) override { return reader_.Get(key, at); }
  Result<ListResult> List(std::string_view prefix, const ListOptions& options) override {
    return reader_.List(prefix, options);
  }

  Result<std::unique_ptr<WatchHandle>> Watch(std::string_view prefix, Revision after,
                                             EventSink sink) override {
    const Revision visible = window_.visible.load();
    GANTRY_TRY(CheckReadable(after, window_.horizon.load(), visible));
    return hub_.Watch(prefix, after, visible, std::move(sink));
  }

  Status Compact(Revision horizon) override {
    MutexLock lock(&compact_mu_);
    if (horizon > window_.visible.load()) {
      return Error(Code::kInvalid, "cannot compact up to a revision in the future");
    }
    if (horizon <= window_.horizon.load()) return OkStatus();
    GANTRY_TRY(committer_.Health());
    GANTRY_TRY_SET(const auto engine, slot_->Get());
    GANTRY_TRY(engine->WriteHorizon(horizon));
    GANTRY_SYNC_POINT("store.compact.horizon_written");
    window_.horizon.store(horizon);
    GANTRY_TRY(RemoveHistory(engine.get(), horizon));
    GANTRY_SYNC_POINT("store.compact.done");
    return OkStatus();
  }

  Status Purge() override {
    MutexLock lock(&compact_mu_);
    GANTRY_TRY(committer_.Health());
    GANTRY_TRY_SET(const auto engine, slot_->Get());
    return engine->Rewrite();
  }

  Status Backup(const std::string& path) override {
    GANTRY_TRY_SET(const auto engine, slot_->Get());
    rocksdb::Env* const env = engine->db()->GetEnv();
    if (env->FileExists(path).ok()) {
      return Error(Code::kAlreadyExists, "backup: \"" + path + "\" exists");
    }
    rocksdb::Checkpoint* raw = nullptr;
    rocksdb::Status s = rocksdb::Checkpoint::Create(engine->db(), &raw);
    std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
    if (s.ok()) s = checkpoint->CreateCheckpoint(path);
    if (!s.ok()) return EngineError("backup to \"" + path + "\"", s);
    return SyncDirectory(env, ParentOf(path));
  }

  Revision current_revision() const override { return window_.visible.load(); }
  Revision horizon() const override { return window_.horizon.load(); }
  size_t queued() const override { return committer_.queued(); }
  Status Health() const override { return committer_.Health(); }

 private:
  // In the order in which they use each other; each provides its own synchronization.
  const std::shared_ptr<ErrorLatch> errors_;
  const std::unique_ptr<EngineSlot> slot_;
  Window window_;
  Reader reader_;
  WatchHub hub_;
  Committer committer_;

  Mutex compact_mu_;  // one compaction at a time
};

}  // namespace

Result<std::unique_ptr<Store>> OpenRocksDbStore(const std::string& dir,
                                                const RocksDbOptions& options) {
  auto errors = std::make_shared<ErrorLatch>();
  EngineOptions engine_options;
  engine_options.env = options.env;
  engine_options.write_buffer_bytes = options.write_buffer_bytes;
  engine_options.on_background_error = [errors](const EngineFault& fault) {
    errors->Report(fault);
  };
  GANTRY_TRY_SET(auto slot, EngineSlot::Open(dir, engine_options));
  Revision horizon = 0;
  Revision last = 0;
  {
    GANTRY_TRY_SET(const auto engine, slot->Get());
    GANTRY_TRY_SET(horizon, engine->ReadHorizon());
    GANTRY_TRY_SET(last, engine->ReadLastRevision());
  }
  return std::make_unique<RocksDbStore>(std::move(slot), std::move(errors), horizon, last,
                                        options.recovery_interval);
}

}  // namespace gantry::store
