#include "apiserver/oidc/issuer_keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "apis/machinery/base/log.h"
#include "apis/machinery/meta/object.h"

namespace gantry::apiserver::oidc {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFetchLimit = 5s;  // of one attempt
constexpr Duration kRetry = 10s;      // while there are no keys
constexpr Duration kRefresh = 10min;  // a key that an issuer took back counts no longer
// Fetches that tokens of unknown keys can cause: so many at once, and one more in each kRetry.
constexpr double kBudget = 5;
constexpr size_t kMaxWaiting = 1000;

}  // namespace

IssuerKeys::IssuerKeys(const IssuerConfig& config, Fetch fetch, const Clock* clock)
    : config_(config),
      fetch_(std::move(fetch)),
      clock_(clock),
      ctx_(Context().WithCancel()),
      budget_(kBudget),
      budget_at_(clock->Mono()),
      thread_([this] { Run(); }) {}

IssuerKeys::~IssuerKeys() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    wake_.SignalAll();
  }
  ctx_.Cancel();
  thread_.join();
}

std::shared_ptr<const jwt::KeySet> IssuerKeys::Get() const {
  MutexLock lock(&mu_);
  return keys_;
}

bool IssuerKeys::SpendLocked() {
  const MonoTime now = clock_->Mono();
  budget_ = std::min(kBudget, budget_ + std::chrono::duration<double>(now - budget_at_) / kRetry);
  budget_at_ = now;
  if (budget_ < 1) return false;
  budget_ -= 1;
  return true;
}

bool IssuerKeys::Refresh(const jwt::KeySet* seen, std::function<void()> done) {
  MutexLock lock(&mu_);
  if (stopping_) return false;
  if (keys_.get() != seen) {
    answers_.Post(std::move(done));
    return true;
  }
  if (waiting_.size() >= kMaxWaiting) return false;
  // A fetch that runs may have begun before the issuer had the key: only one that is still to begin
  // is joined.
  if (!wanted_ && !SpendLocked()) return false;
  wanted_ = true;
  waiting_.push_back(std::move(done));
  wake_.SignalAll();
  return true;
}

Result<std::shared_ptr<const jwt::KeySet>> IssuerKeys::FetchAll() const {
  const Context ctx = ctx_.WithTimeout(kFetchLimit);
  std::string at = config_.discovery_url;
  if (at.empty()) {
    at = config_.url + (config_.url.ends_with('/') ? "" : "/") + ".well-known/openid-configuration";
  }
  GANTRY_TRY_SET(const std::string text, fetch_(ctx, at, config_.ca_pem).Wrap(at));
  GANTRY_TRY_SET(const Json document, ParseJson(text).Wrap(at));
  if (const std::string issuer = GetString(document, "issuer"); issuer != config_.url) {
    return Error(Code::kInvalid, fmt::format("{}: is about the issuer \"{}\"", at, issuer));
  }
  const std::string jwks_at = GetString(document, "jwks_uri");
  if (!jwks_at.starts_with("https://")) {
    return Error(Code::kInvalid, fmt::format("{}: `jwks_uri` must be an https URL", at));
  }
  GANTRY_TRY_SET(const std::string keys, fetch_(ctx, jwks_at, config_.ca_pem).Wrap(jwks_at));
  GANTRY_TRY_SET(const Json jwks, ParseJson(keys).Wrap(jwks_at));
  GANTRY_TRY_SET(jwt::KeySet set, jwt::KeySet::FromJwks(jwks, config_.algorithms).Wrap(jwks_at));
  return std::make_shared<const jwt::KeySet>(std::move(set));
}

void IssuerKeys::Run() {
  while (true) {
    std::vector<std::function<void()>> waiting;
    {
      MutexLock lock(&mu_);
      const MonoTime next = Clock::Real()->Mono() + (keys_ ? kRefresh : kRetry);
      while (!stopping_ && !wanted_ && wake_.WaitUntil(&mu_, next)) {
      }
      wanted_ = false;
      waiting.swap(waiting_);
    }
    const bool ending = !ctx_.Check().ok();
    const Result<std::shared_ptr<const jwt::KeySet>> keys =
        ending ? Error(Code::kCancelled, "the server ends") : FetchAll();
    if (!keys.ok() && !ending) {
      LOG_WARN("keys of an issuer could not be fetched", {"issuer", config_.url},
               {"error", keys.error()});
    }
    MutexLock lock(&mu_);
    if (keys.ok()) keys_ = *keys;
    for (auto& done : waiting) answers_.Post(std::move(done));
    if (!stopping_) continue;
    for (auto& done : waiting_) answers_.Post(std::move(done));
    return;
  }
}

}  // namespace gantry::apiserver::oidc
