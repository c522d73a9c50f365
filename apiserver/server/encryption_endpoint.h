#pragma once

#include <memory>
#include <optional>
#include <string>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/base/thread_pool.h"
#include "apiserver/http/handler.h"
#include "apiserver/storage/cache_set.h"
#include "store/encrypted/encrypted_store.h"

namespace gantry::apiserver {

// `GET /encryption` says which keys there are and how many objects are not sealed as they would be
// now; `POST /encryption/reencrypt` starts to seal those anew, unless that is going on already, and
// answers likewise at once. When that is over, older versions are forgotten too (clients that
// watched from before list again), and are gone from the disk. Thread-safe.
//
//   {"keys": [{"name", "fingerprint"}], "writes": {"/core/secrets/": name or null},
//    "stale": [{"name", "fingerprint", "objects"}], "reencryption": "none|running|done|failed",
//    "error": "..."}
class EncryptionEndpoint {
 public:
  // Both outlive this. A null `store` keeps everything as it is: 404 says so.
  EncryptionEndpoint(store::EncryptedStore* store, const CacheSet* caches);
  ~EncryptionEndpoint();
  EncryptionEndpoint(const EncryptionEndpoint&) = delete;
  EncryptionEndpoint& operator=(const EncryptionEndpoint&) = delete;

  Response Describe();
  Response Reencrypt();

 private:
  enum class State { kNone, kRunning, kDone, kFailed };
  Status Renew();

  store::EncryptedStore* const store_;
  const CacheSet* const caches_;
  const Context stop_ = Context().WithCancel();
  const std::shared_ptr<void> collector_;
  Mutex mu_;
  State state_ GUARDED_BY(mu_) = State::kNone;
  std::string error_ GUARDED_BY(mu_);
  ThreadPool pool_{1};
};

// Declares what it counts.
void DeclareEncryptionMetrics();

}  // namespace gantry::apiserver
