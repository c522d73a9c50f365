#pragma once

#include <functional>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "apis/machinery/base/clock.h"

namespace gantry::apiserver {

// A number of places, and for each user a bounded line of those that wait for some. Places that
// become free go to the lines in turn, so that a long line of one user delays nobody else; and
// while several users are about, none has more than a share of them. When there is no room for
// another one that waits, the longest line loses its last one to a shorter line.
//
// Bookkeeping only: no threads, no clock. Not thread-safe.
class FairQueue {
 public:
  struct Limits {
    int places = 0;
    int queued = 0;       // waiting, of all users together
    int queued_user = 0;  // ... of one user
    int share = 0;        // places of one user while there are others; at least 1
    // How long after the last sight of a second user there is said to be one.
    Duration memory = std::chrono::seconds(1);
    int widest = std::numeric_limits<int>::max();  // places of one request
  };
  enum class Outcome {
    kEntered,
    kLineFull,  // the user's own
    kAllFull,   // ... of all users
    kTooLong,   // `until` passed
  };
  class User;  // one of whom somebody is within; the queue's
  // The user is null unless the outcome is kEntered.
  using Done = std::function<void(Outcome outcome, User* user)>;
  // To be called by whoever holds the queue, without its lock.
  struct Ready {
    Done done;
    Outcome outcome = Outcome::kEntered;
    User* user = nullptr;
  };

  explicit FairQueue(const Limits& limits);
  ~FairQueue();
  FairQueue(const FairQueue&) = delete;
  FairQueue& operator=(const FairQueue&) = delete;

  // Takes `seats` places if they are free and nobody's turn is earlier; else null. More seats than
  // there are, or than the widest may have, count as that many.
  User* TryEnter(const std::string& user, int seats, MonoTime now);
  // Puts one into line. Returns whom that refuses, it or another one.
  std::optional<Ready> Add(const std::string& user, int seats, MonoTime until, MonoTime now,
                           Done done);
  // Whoever gets places now, or waited too long. Nothing: call again after Leave, after Add, or at
  // NextDue().
  std::optional<Ready> Next(MonoTime now);
  std::optional<MonoTime> NextDue(MonoTime now) const;
  // REQUIRES: `user` entered with that many seats.
  void Leave(User* user, int seats);

  size_t waiting() const { return due_.size(); }
  int taken() const { return taken_; }

 private:
  struct Due {
    MonoTime until;
    uint64_t ticket;
    User* user;
    bool operator<(const Due& other) const {
      return until != other.until ? until < other.until : ticket < other.ticket;
    }
  };

  int Seats(int wanted) const;
  User* See(const std::string& name, MonoTime now);
  // Whether the user has its share and others are about.
  bool IsHeldBack(const User& user, int seats, MonoTime now) const;
  User* LongestLine() const;
  Done Remove(User* user, uint64_t ticket);
  void ForgetIdle();

  const Limits limits_;
  int taken_ = 0;
  uint64_t next_ticket_ = 0;
  std::unordered_map<std::string, User> users_;
  std::list<User*> turns_;  // those with a line, next first
  std::set<Due> due_;       // all who wait
  const User* last_ = nullptr;
  MonoTime several_until_{};
};

}  // namespace gantry::apiserver
