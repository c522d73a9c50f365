#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <thread>

#include "apis/client/client.h"
#include "apis/machinery/base/random.h"

namespace gantry::runtime {

struct LeaseOptions {
  std::string ns;
  std::string name;      // of the coordination.k8s.io Lease
  std::string identity;  // who we are; unique per process
  // What others shall know of the holder, such as an address; on the Lease since it is held.
  std::map<std::string, std::string> annotations;
  Duration duration = std::chrono::seconds(15);  // a holder that is silent this long has lost it
  Duration renew_every = std::chrono::seconds(5);
  Duration retry_every = std::chrono::seconds(2);
};

// Elects one of several processes by a Lease. The holder renews it; the others wait until it has
// not changed for `duration` by their own clocks (clocks of different hosts are never compared). A
// holder that cannot renew gives up before another can take over.
class LeaderElector {
 public:
  // `clock` outlives the elector.
  LeaderElector(client::Client client, LeaseOptions options, Clock* clock);
  ~LeaderElector();

  // Starts to compete. `elected` and `lost` run on the elector's thread, each at most once: after
  // `lost` it does not compete again, the process is expected to end.
  void Start(std::function<void()> elected, std::function<void()> lost);
  // Ends the competition. Gives a held lease back, so that another process takes over at once.
  void Stop();
  bool leading() const { return leading_; }

  // One attempt to take or renew the lease; whether it is ours now.
  Result<bool> TryOnce(const Context& ctx);

 private:
  void Run(const std::function<void()>& elected, const std::function<void()>& lost);
  void Release();
  Json Spec(int64_t transitions, const std::string& acquired) const;

  const client::Client client_;
  const LeaseOptions options_;
  Clock* const clock_;
  const Context ctx_;
  std::atomic<bool> leading_{false};
  std::thread thread_;

  // Only the elector's thread (or TryOnce's caller) uses these.
  std::string observed_;  // resourceVersion of the lease as last seen
  MonoTime observed_at_;
};

}  // namespace gantry::runtime
