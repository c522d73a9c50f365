#pragma once

#include <random>
#include <string>

#include "tests/consistency/runner/api.h"
#include "tests/consistency/runner/shared.h"

namespace gantry::consistency {

// A client that watches, again and again. One thread.
class Watcher {
 public:
  enum class Habit {
    kResume,  // goes on where the last watch ended; bookmarks count
    kAny,     // begins anew each time, from whatever the server has
    kStream,  // begins each time with a streaming list
    kPast,    // goes on some way before where the last one ended
  };
  // `scope`: whose ConfigMaps; empty: all. Begins after the revision `from`.
  Watcher(Shared* shared, int client, Habit habit, std::string scope, Revision from, uint32_t seed)
      : shared_(*shared),
        client_(client),
        habit_(habit),
        scope_(std::move(scope)),
        last_(from),
        api_(shared->server),
        random_(seed) {}

  // Until the run is over; who resumes waits for the last write.
  void Run();

 private:
  void WatchOnce();
  std::string Target(Watch* watch);
  // False: the watch is over.
  bool Take(const std::string& line, int64_t number, Watch* watch);
  // The revision of the last write in scope_; 0: the run goes on.
  Revision Fence() const;
  uint32_t Below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }

  Shared& shared_;
  const int client_;
  const Habit habit_;
  const std::string scope_;
  Revision last_;
  Api api_;
  std::minstd_rand random_;
};

}  // namespace gantry::consistency
