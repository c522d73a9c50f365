#pragma once

#include <functional>
#include <list>
#include <memory>
#include <thread>

#include "apis/machinery/base/mutex.h"
#include "apiserver/auth/authenticator.h"
#include "apiserver/auth/authorizer.h"
#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// Ends watches, logs and the like of those who may not have them any more, or whose credentials
// were taken back. A thread of its own looks every `period` whether either may have changed, and if
// so asks about every stream anew. Thread-safe.
class Revocations {
 public:
  // What is pointed to outlives this. `generation` changes with what they decide.
  Revocations(const Authenticator* authenticator, const Authorizer* authorizer,
              std::function<uint64_t()> generation, Duration period);
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

  const Authenticator* const authenticator_;
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
