#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "apis/machinery/base/mutex.h"
#include "store/store.h"

namespace gantry::store {

// A watch that keeps what it saw. Its sink can be held, to play the slow one. Thread-safe.
class Recorder {
 public:
  Recorder() = default;
  // Lets a held sink go.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Starts the watch; the recorder outlives nothing it uses: stop it before the store dies.
  Status Start(Store* store, std::string_view prefix, Revision after);
  void Stop();

  // The sink blocks in its next call until Release.
  void Hold();
  void Release();
  void WaitUntilHeld();
  // The sink ends the watch when it has seen this many events.
  void EndAfter(size_t events);

  // Puts and deletes seen so far, without progress.
  std::vector<Event> events() const;
  Revision progress() const;
  bool lost() const;
  // Fails the test, and returns, when it takes longer than 30 seconds.
  std::vector<Event> WaitForEvents(size_t count);
  void WaitForRevision(Revision revision);  // by an event or by progress
  void WaitForProgress(Revision revision);
  void WaitForLost();

 private:
  bool Take(const std::vector<Event>& batch);
  template <typename Predicate>
  void WaitFor(const char* what, Predicate holds) REQUIRES(mu_);

  mutable Mutex mu_;
  CondVar cv_;
  std::vector<Event> events_ GUARDED_BY(mu_);
  Revision last_ GUARDED_BY(mu_) = 0;
  Revision progress_ GUARDED_BY(mu_) = 0;
  bool lost_ GUARDED_BY(mu_) = false;
  bool hold_ GUARDED_BY(mu_) = false;
  bool held_ GUARDED_BY(mu_) = false;
  size_t end_after_ GUARDED_BY(mu_) = 0;
  std::unique_ptr<WatchHandle> handle_;
};

}  // namespace gantry::store
