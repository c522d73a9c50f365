#pragma once

#include <functional>
#include <list>
#include <memory>
#include <thread>

#include "apis/machinery/base/mutex.h"
#include "apiserver/auth/authorizer.h"
#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// Ends watches, logs and the like of those who may not have them any more. A thread of its own
// looks every `period` whether the policy has changed, and if so asks about every stream anew.
// Thread-safe.
class Revocations {
 public:
  // `authorizer` outlives this. `generation` grows with each change of what it decides.
  Revocations(const Authorizer* authorizer, std::function<uint64_t()> generation, Duration period);
  ~Revocations();
  Revocations(const Revocations&) = delete;
  Revocations& operator=(const Revocations&) = delete;

  // Follows the stream or WebSocket of `response`, which has one of them, until it is over.
  void Follow(const Request& request, Response* response);

 private:
  struct Followed;
  struct All;
  class Stream;
  class Socket;

  void Run();
  void Ask(Followed* followed) const;

  const Authorizer* const authorizer_;
  const std::function<uint64_t()> generation_;
  const Duration period_;
  const std::shared_ptr<All> all_;  // streams may end after this
  Mutex mu_;
  CondVar changed_;
  bool stopping_ GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace gantry::apiserver
