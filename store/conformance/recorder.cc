#include "store/conformance/recorder.h"

#include <gtest/gtest.h>

#include <utility>

#include "apis/machinery/base/clock.h"

namespace gantry::store {

Recorder::~Recorder() { Stop(); }

Status Recorder::Start(Store* store, std::string_view prefix, Revision after) {
  {
    MutexLock lock(&mu_);
    last_ = after;
  }
  GANTRY_TRY_SET(handle_, store->Watch(prefix, after, [this](const std::vector<Event>& batch) {
    return Take(batch);
  }));
  return OkStatus();
}

void Recorder::Stop() {
  Release();
  handle_.reset();
}

bool Recorder::Take(const std::vector<Event>& batch) {
  MutexLock lock(&mu_);
  while (hold_) {
    held_ = true;
    cv_.SignalAll();
    cv_.Wait(&mu_);
  }
  held_ = false;
  EXPECT_FALSE(batch.empty());
  for (const Event& e : batch) {
    EXPECT_FALSE(lost_) << "an event after the last one";
    switch (e.type) {
      case Event::Type::kProgress:
        EXPECT_GE(e.revision, last_) << "progress goes back";
        EXPECT_TRUE(e.key.empty() && e.value.empty());
        progress_ = e.revision;
        break;
      case Event::Type::kLost: lost_ = true; break;
      default: EXPECT_GT(e.revision, last_) << "out of order, or twice"; events_.push_back(e);
    }
    last_ = e.revision;
  }
  cv_.SignalAll();
  return end_after_ == 0 || events_.size() < end_after_;
}

void Recorder::Hold() {
  MutexLock lock(&mu_);
  hold_ = true;
}

void Recorder::Release() {
  MutexLock lock(&mu_);
  hold_ = false;
  cv_.SignalAll();
}

void Recorder::EndAfter(size_t events) {
  MutexLock lock(&mu_);
  end_after_ = events;
}

std::vector<Event> Recorder::events() const {
  MutexLock lock(&mu_);
  return events_;
}

Revision Recorder::progress() const {
  MutexLock lock(&mu_);
  return progress_;
}

bool Recorder::lost() const {
  MutexLock lock(&mu_);
  return lost_;
}

template <typename Predicate>
void Recorder::WaitFor(const char* what, Predicate holds) {
  const MonoTime until = Clock::Real()->Mono() + std::chrono::seconds(30);
  while (!holds()) {
    if (!cv_.WaitUntil(&mu_, until)) {
      ADD_FAILURE() << "waited in vain for " << what << "; saw " << events_.size()
                    << " events, the last at revision " << last_;
      return;
    }
  }
}

std::vector<Event> Recorder::WaitForEvents(size_t count) {
  MutexLock lock(&mu_);
  WaitFor("events", [&]() REQUIRES(mu_) { return events_.size() >= count; });
  return events_;
}

void Recorder::WaitForRevision(Revision revision) {
  MutexLock lock(&mu_);
  WaitFor("a revision", [&]() REQUIRES(mu_) { return last_ >= revision; });
}

void Recorder::WaitForProgress(Revision revision) {
  MutexLock lock(&mu_);
  WaitFor("progress", [&]() REQUIRES(mu_) { return progress_ >= revision; });
}

void Recorder::WaitForLost() {
  MutexLock lock(&mu_);
  WaitFor("the end of the watch", [&]() REQUIRES(mu_) { return lost_; });
}

void Recorder::WaitUntilHeld() {
  MutexLock lock(&mu_);
  WaitFor("the sink", [&]() REQUIRES(mu_) { return held_; });
}

}  // namespace gantry::store
