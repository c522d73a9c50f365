#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/result.h"

// The store contract: bytes, keys and revisions. It knows no kinds. One definition, several
// backends; store/conformance/ is the executable form of what stands here.
//
//  - Revisions are one strictly increasing sequence for the whole store, never reused, also not
//    after a crash or a restore. One key per revision, one event per revision.
//  - Nothing is visible to any read or watch before it is durable; a write is acknowledged only
//    after that.
//  - Keys are `/<group>/<resource>/<namespace>/<name>` by convention; the store orders them
//  bytewise
//    and gives no meaning to them.
//  - Values are at most kMaxValueBytes on every backend (kTooLarge); keys are 1 to kMaxKeyBytes
//  bytes
//    (kInvalid).
//
// All methods are thread-safe. Values that depend on time or chance are passed in, never made here.
namespace gantry::store {

using Revision = int64_t;
inline constexpr size_t kMaxValueBytes = 1536 * 1024;
inline constexpr size_t kMaxKeyBytes = 4096;
// A watch that saw nothing but writes to other prefixes for this long gets a progress event.
inline constexpr std::chrono::milliseconds kProgressInterval{500};

struct Record {
  std::string key;
  std::string value;
  Revision mod_revision = 0;  // the write that made this value
};

struct WriteOp {
  enum class Kind { kCreate, kUpdate, kDelete };
  Kind kind;
  std::string key;
  std::string value;  // kCreate, kUpdate
  // The key's mod_revision must be this (kConflict otherwise). 0 demands only that the key is live.
  Revision expect = 0;  // kUpdate, kDelete
  // So many bytes of the value are not the caller's (a layer above sealed it), and do not count
  // towards kMaxValueBytes.
  size_t overhead = 0;
};

struct Event {
  // kProgress: you have seen all events up to `revision`.
  // kLost: the watch is over, because the history after `revision` was compacted before this slow
  // sink took it, or cannot be read. Always the last event of its watch; list and watch anew.
  enum class Type { kPut, kDelete, kProgress, kLost };
  Type type = Type::kPut;
  Revision revision = 0;
  // The fields below are empty for kProgress and kLost.
  std::string key;
  // kPut: the new value. kDelete: the last value before the deletion.
  std::string value;
  // The revision that this one superseded; 0 for a key that was not live.
  Revision previous = 0;
};

struct GetResult {
  std::optional<Record> record;  // empty: the key was not live
  Revision revision = 0;         // the revision that was read
};

struct ListOptions {
  std::string start;  // first key to return, inclusive; empty: the beginning of the prefix
  size_t limit = 0;   // at most this many records; 0: all
  Revision at = 0;    // read at this revision; 0: the newest
};

struct ListResult {
  std::vector<Record> records;  // in key order
  Revision revision = 0;        // the revision that was read
  bool more = false;            // there are further keys behind the last record
};

// Receives the events of one watch, in order, from one thread at a time. It must not block and must
// not call into the store. Returning false ends the watch.
using EventSink = std::function<bool(const std::vector<Event>& batch)>;

// Ends its watch on destruction, which waits for a call of the sink that is running; afterwards the
// sink is not called again. Must die before its store, and not inside its own sink.
class WatchHandle {
 public:
  virtual ~WatchHandle() = default;
};

class Store {
 public:
  virtual ~Store() = default;

  // Queues one conditional write. `done` is called exactly once, from the committer's thread, after
  // the write is durable or refused; it must be quick. Errors: kAlreadyExists (create of a live
  // key), kNotFound, kConflict, kTooLarge, kInvalid (the key's length), kUnavailable (the engine
  // cannot write, see Health; the write may or may not be there after a restart).
  virtual void Write(WriteOp op, std::function<void(Result<Revision>)> done) = 0;

  // The newest value, or the value at revision `at`. kExpired when `at` is before the compaction
  // horizon, kInvalid when it is in the future.
  virtual Result<GetResult> Get(std::string_view key, Revision at = 0) = 0;
  virtual Result<ListResult> List(std::string_view prefix, const ListOptions& options) = 0;

  // Delivers every event with revision > `after` and a key under `prefix`, in order, exactly once,
  // from history first and then live, with progress events when idle (at least when a write to
  // another prefix happened and kProgressInterval passed). kExpired when `after` is before the
  // horizon, kInvalid when it is in the future. A sink that is slow delays nobody but itself.
  virtual Result<std::unique_ptr<WatchHandle>> Watch(std::string_view prefix, Revision after,
                                                     EventSink sink) = 0;

  // Forgets versions that were superseded at or before `horizon`: reads and watches below it fail
  // with kExpired afterwards. A horizon at or below the present one is a no-op; kInvalid when it is
  // in the future. Blocks until done; other calls go on meanwhile.
  virtual Status Compact(Revision horizon) = 0;
  // Removes what Compact forgot from the disk, where the backend does not do so at once. Blocks,
  // and may rewrite the whole store; other calls go on meanwhile.
  virtual Status Purge() { return OkStatus(); }
  // A consistent copy of the store in the new directory `path`, made while writes go on.
  // kAlreadyExists when `path` exists, kMethodNotAllowed when the backend keeps nothing on disk.
  virtual Status Backup(const std::string& path) = 0;

  // The newest durable revision, and the compaction horizon.
  virtual Revision current_revision() const = 0;
  virtual Revision horizon() const = 0;
  // Writes that wait for the committer, where the backend knows.
  virtual size_t queued() const { return 0; }
  // Ok while writes are possible; otherwise what is wrong, for /readyz.
  virtual Status Health() const = 0;

  // Blocking forms of Write; not to be called from a sink or from `done`.
  Result<Revision> Create(std::string_view key, std::string_view value);
  Result<Revision> Update(std::string_view key, std::string_view value, Revision expect);
  Result<Revision> Delete(std::string_view key, Revision expect);

 private:
  Result<Revision> WriteAndWait(WriteOp op);
};

// Opens `memory:` or `rocksdb:<directory>` (made when absent). kBadRequest for another scheme,
// kUnavailable when another process holds the directory.
Result<std::unique_ptr<Store>> OpenStore(std::string_view uri);

}  // namespace gantry::store
