#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

// A thin wrapper over std::mutex that clang's thread-safety analysis understands. Annotate each
// shared field GUARDED_BY(mu_) and each helper that needs the lock REQUIRES(mu_); name it
// ...Locked.

#if defined(__clang__)
#define GANTRY_TSA(x) __attribute__((x))
#else
#define GANTRY_TSA(x)
#endif
#define CAPABILITY(x) GANTRY_TSA(capability(x))
#define SCOPED_CAPABILITY GANTRY_TSA(scoped_lockable)
#define GUARDED_BY(x) GANTRY_TSA(guarded_by(x))
#define PT_GUARDED_BY(x) GANTRY_TSA(pt_guarded_by(x))
#define REQUIRES(...) GANTRY_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) GANTRY_TSA(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) GANTRY_TSA(acquire_capability(__VA_ARGS__))
#define RELEASE(...) GANTRY_TSA(release_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS GANTRY_TSA(no_thread_safety_analysis)

namespace gantry {

class CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ACQUIRE() { mu_.lock(); }
  void Unlock() RELEASE() { mu_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mu_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex* mu) ACQUIRE(mu) : mu_(mu) { mu_->Lock(); }
  ~MutexLock() RELEASE() { mu_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* const mu_;
};

// Used in a loop that re-tests the condition: `while (!ready_) cv_.Wait(&mu_);`
class CondVar {
 public:
  void Wait(Mutex* mu) REQUIRES(mu) {
    std::unique_lock<std::mutex> lock(mu->mu_, std::adopt_lock);
    cv_.wait(lock);
    lock.release();
  }
  // False when `until` passed.
  bool WaitUntil(Mutex* mu, std::chrono::steady_clock::time_point until) REQUIRES(mu) {
    std::unique_lock<std::mutex> lock(mu->mu_, std::adopt_lock);
    const bool in_time = cv_.wait_until(lock, until) == std::cv_status::no_timeout;
    lock.release();
    return in_time;
  }
  void Signal() { cv_.notify_one(); }
  void SignalAll() { cv_.notify_all(); }

 private:
  std::condition_variable cv_;
};

}  // namespace gantry
