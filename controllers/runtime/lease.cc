#include "controllers/runtime/lease.h"

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/base/log.h"
#include "controllers/runtime/metrics.h"

namespace gantry::runtime {
LeaderElector::LeaderElector(client::Client client, LeaseOptions options, Clock* clock)
    : client_(std::move(client)),
      options_(std::move(options)),
      clock_(clock),
      ctx_(Context().WithCancel()) {}

LeaderElector::~LeaderElector() { Stop(); }

void LeaderElector::Start(std::function<void()> elected, std::function<void()> lost) {
  thread_ = std::thread(
      [this, elected = std::move(elected), lost = std::move(lost)] { Run(elected, lost); });
}

void LeaderElector::Stop() {
  ctx_.Cancel();
  if (thread_.joinable()) thread_.join();
  if (leading_.exchange(false)) Release();
}

Json LeaderElector::Spec(int64_t transitions, const std::string& acquired) const {
  using std::chrono::seconds;
  return {{"holderIdentity", options_.identity},
          {"leaseDurationSeconds", std::chrono::duration_cast<seconds>(options_.duration).count()},
          {"acquireTime", acquired},
          {"renewTime", FormatMicroTime(clock_->Now())},
          {"leaseTransitions", transitions}};
}

Result<bool> LeaderElector::TryOnce(const Context& ctx) {
  const ObjectKey key{options_.ns, options_.name};
  const Context bounded = ctx.WithTimeout(options_.renew_every);
  Result<Object> got = client_.Get(bounded, v1::kLeases, key);
  if (!got.ok()) {
    if (got.code() != Code::kNotFound) return got.error();
    Object lease(v1::kLeases.gvk(), key);
    lease.json()["spec"] = Spec(0, FormatMicroTime(clock_->Now()));
    for (const auto& [name, value] : options_.annotations) lease.set_annotation(name, value);
    const Result<Object> made = client_.Create(bounded, v1::kLeases, lease);
    if (made.ok()) return true;
    if (made.code() == Code::kAlreadyExists) return false;
    return made.error();
  }
  Object lease = *std::move(got);
  const std::string holder = GetString(lease.spec(), "holderIdentity");
  const bool ours = holder == options_.identity;
  if (lease.resource_version() != observed_) {
    observed_ = lease.resource_version();
    observed_at_ = clock_->Mono();
  }
  if (!ours && !holder.empty() && clock_->Mono() - observed_at_ < options_.duration) return false;

  const int64_t transitions = GetInt(lease.spec(), "leaseTransitions") + (ours ? 0 : 1);
  const std::string acquired = ours ? GetString(lease.spec(), "acquireTime") : "";
  lease.json()["spec"] =
      Spec(transitions, acquired.empty() ? FormatMicroTime(clock_->Now()) : acquired);
  for (const auto& [name, value] : options_.annotations) lease.set_annotation(name, value);
  // The resourceVersion in the object makes this a compare-and-swap.
  const Result<Object> written = client_.Update(bounded, v1::kLeases, lease);
  if (written.ok()) {
    observed_ = written->resource_version();
    observed_at_ = clock_->Mono();
    return true;
  }
  if (written.code() == Code::kConflict) return false;
  return written.error();
}

void LeaderElector::Run(const std::function<void()>& elected, const std::function<void()>& lost) {
  prometheus::Gauge& status = ElectionMetrics().status.Add({{"name", options_.name}});
  MonoTime renewed{};
  while (!ctx_.cancelled()) {
    const MonoTime asked = clock_->Mono();
    const Result<bool> held = TryOnce(ctx_);
    if (ctx_.cancelled()) return;
    if (held.ok() && *held) {
      renewed = asked;
      if (!leading_.exchange(true)) {
        status.Set(1);
        LOG_INFO("lease acquired", {"lease", options_.name}, {"identity", options_.identity});
        elected();
      }
    } else if (leading_) {
      // A refusal is final; silence is, once another process may take over.
      const bool refused = held.ok();
      if (refused || clock_->Mono() - renewed >= options_.duration * 2 / 3) {
        leading_ = false;
        status.Set(0);
        LOG_ERROR("lease lost", {"lease", options_.name});
        lost();
        return;
      }
    }
    const bool steady = held.ok() && *held;
    ctx_.SleepFor(steady ? options_.renew_every : options_.retry_every).IgnoreError();
  }
}

void LeaderElector::Release() {
  const Json patch = {{"metadata", {{"resourceVersion", observed_}}},
                      {"spec", {{"holderIdentity", ""}}}};
  client_
      .Patch(Context().WithTimeout(std::chrono::seconds(2)), v1::kLeases,
             {options_.ns, options_.name}, client::PatchType::kMerge, patch)
      .IgnoreError();
}

}  // namespace gantry::runtime
