#pragma once

#include <atomic>
#include <string>

#include "apis/machinery/base/thread_pool.h"
#include "apiserver/http/handler.h"
#include "store/store.h"

namespace gantry::apiserver {

// Answers `GET /backup` with a consistent copy of the store as a tar file (see
// apis/machinery/archive), made while writes go on: one at a time, a second one gets 429. A store
// that keeps nothing on disk answers 405.
//
// Bodies that it gave out must be gone before the destructor is called.
class BackupEndpoint {
 public:
  // `store` outlives this. `scratch` is a directory on the store's file system, made when needed;
  // the copy in it shares the store's files, and goes when the client has it or leaves. What an
  // earlier process left there is removed. Empty: there are no backups.
  BackupEndpoint(store::Store* store, std::string scratch);
  BackupEndpoint(const BackupEndpoint&) = delete;
  BackupEndpoint& operator=(const BackupEndpoint&) = delete;

  Task<Response> Answer(Request& request);

 private:
  void Clear();
  Status CopyStore();

  store::Store* const store_;
  const std::string scratch_;
  std::atomic<bool> busy_{false};
  ThreadPool pool_{1};
};

}  // namespace gantry::apiserver
