#include <fmt/ranges.h>

#include <algorithm>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/base/log.h"
#include "controllers/assembly/assembly.h"
#include "controllers/runtime/lease.h"

namespace gantry::assembly {
namespace {

// What the elector's thread tells the process.
class Election {
 public:
  enum class State { kWaiting, kElected, kOver };

  void Set(State state, std::string why = "") {
    MutexLock lock(&mu_);
    if (state_ == State::kOver) return;
    state_ = state;
    why_ = std::move(why);
    changed_.SignalAll();
  }
  // Waits until it is not `state` any more.
  State WaitWhile(State state) {
    MutexLock lock(&mu_);
    while (state_ == state) changed_.Wait(&mu_);
    return state_;
  }
  std::string why() {
    MutexLock lock(&mu_);
    return why_;
  }

 private:
  Mutex mu_;
  CondVar changed_;
  State state_ GUARDED_BY(mu_) = State::kWaiting;
  std::string why_ GUARDED_BY(mu_);
};

std::string LeaseName(std::vector<std::string> only) {
  if (only.empty()) return "gantry-controllers";
  std::sort(only.begin(), only.end());
  return fmt::format("gantry-controllers-{}", fmt::join(only, "-"));
}

}  // namespace

Status RunElected(Options options, const Context& stop) {
  GANTRY_TRY_SET(const auto controllers, ControllerSet::Create(options));
  runtime::LeaseOptions lease;
  lease.ns = v1::kSystemNamespace;
  lease.name = LeaseName(options.only);
  lease.identity = options.lease_identity;
  lease.annotations = options.lease_annotations;
  const std::string user = runtime::ControllerUser("elector");
  runtime::LeaderElector elector(client::Client(options.transport(user), user), lease,
                                 Clock::Real());
  Election election;
  elector.Start([&] { election.Set(Election::State::kElected); },
                [&] { election.Set(Election::State::kOver, "the lease was lost"); });
  const auto guard = stop.OnCancel([&] { election.Set(Election::State::kOver); });

  Status ended = OkStatus();
  if (election.WaitWhile(Election::State::kWaiting) == Election::State::kElected) {
    LOG_INFO("elected", {"lease", lease.name}, {"identity", lease.identity});
    ended = controllers->Start(Context().WithTimeout(std::chrono::minutes(1))).Wrap("controllers");
    if (ended.ok() && options.on_running) options.on_running(controllers.get());
    if (ended.ok() && options.on_streams) options.on_streams(controllers->streams());
    if (ended.ok()) election.WaitWhile(Election::State::kElected);
    if (options.on_running) options.on_running(nullptr);
    if (options.on_streams) options.on_streams(nullptr);
    controllers->Stop();
  }
  elector.Stop();
  const std::string why = election.why();
  if (ended.ok() && !why.empty()) ended = Error(Code::kUnavailable, why);
  return ended;
}

}  // namespace gantry::assembly
