#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "apis/machinery/base/context.h"
#include "apis/machinery/base/mutex.h"
#include "apis/machinery/base/thread_pool.h"
#include "apiserver/jwt/key_set.h"
#include "apiserver/oidc/issuer_config.h"

namespace gantry::apiserver::oidc {

// GETs an https URL; trusts `ca_pem`, or what the machine trusts when it is empty. Blocks no longer
// than `ctx` lets it; gives up on bodies of more than kMaxDocumentBytes. Thread-safe.
using Fetch = std::function<Result<std::string>(const Context& ctx, const std::string& url,
                                                const std::string& ca_pem)>;
inline constexpr size_t kMaxDocumentBytes = 1 << 20;

// The present keys of one issuer, fetched by a thread of its own: at the start, every ten minutes,
// and when somebody shows a token of a key that is not known, for which there is a budget. What was
// fetched last counts until something else is. Thread-safe; only the destructor blocks.
class IssuerKeys {
 public:
  IssuerKeys(const IssuerConfig& config, Fetch fetch, const Clock* clock);
  ~IssuerKeys();
  IssuerKeys(const IssuerKeys&) = delete;
  IssuerKeys& operator=(const IssuerKeys&) = delete;

  // Null before the first success.
  std::shared_ptr<const jwt::KeySet> Get() const;

  // Fetches anew, unless the keys are others than `seen` already. False: the budget is used up, or
  // too many wait. Else `done` is called once, on a thread that may do a request's work.
  bool Refresh(const jwt::KeySet* seen, std::function<void()> done);

 private:
  void Run();
  Result<std::shared_ptr<const jwt::KeySet>> FetchAll() const;
  bool SpendLocked() REQUIRES(mu_);

  const IssuerConfig config_;
  const Fetch fetch_;
  const Clock* const clock_;
  const Context ctx_;  // cancelled at the end

  mutable Mutex mu_;
  CondVar wake_;
  std::shared_ptr<const jwt::KeySet> keys_ GUARDED_BY(mu_);
  std::vector<std::function<void()>> waiting_ GUARDED_BY(mu_);
  bool wanted_ GUARDED_BY(mu_) = true;
  bool stopping_ GUARDED_BY(mu_) = false;
  double budget_ GUARDED_BY(mu_);
  MonoTime budget_at_ GUARDED_BY(mu_);
  ThreadPool answers_{1};
  std::thread thread_;
};

}  // namespace gantry::apiserver::oidc
