#include "apiserver/filters/fair_queue.h"

#include <algorithm>

namespace gantry::apiserver {
namespace {

// Users of whom nobody is there are kept up to here: most come back.
constexpr size_t kRemembered = 1024;

}  // namespace

class FairQueue::User {
 public:
  struct Waiter {
    MonoTime until;
    int seats;
    Done done;
  };
  int taken = 0;
  std::map<uint64_t, Waiter> line;  // by ticket
};

FairQueue::FairQueue(const Limits& limits) : limits_(limits) {}
FairQueue::~FairQueue() = default;

int FairQueue::Seats(int wanted) const {
  return std::clamp(wanted, 1, std::max(1, std::min(limits_.places, limits_.widest)));
}

FairQueue::User* FairQueue::See(const std::string& name, MonoTime now) {
  auto it = users_.find(name);
  if (it == users_.end()) {
    if (users_.size() >= kRemembered) ForgetIdle();
    it = users_.try_emplace(name).first;
  }
  User* const user = &it->second;
  if (user != last_) {
    if (last_ != nullptr) {
      several_until_ = now + std::chrono::duration_cast<MonoTime::duration>(limits_.memory);
    }
    last_ = user;
  }
  return user;
}

void FairQueue::ForgetIdle() {
  std::erase_if(users_, [this](const auto& entry) {
    const User& user = entry.second;
    return &user != last_ && user.taken == 0 && user.line.empty();
  });
}

bool FairQueue::IsHeldBack(const User& user, int seats, MonoTime now) const {
  return user.taken > 0 && user.taken + seats > limits_.share && now < several_until_;
}

FairQueue::User* FairQueue::TryEnter(const std::string& name, int wanted, MonoTime now) {
  User* const user = See(name, now);
  const int seats = Seats(wanted);
  if (taken_ + seats > limits_.places || !user->line.empty()) return nullptr;
  if (IsHeldBack(*user, seats, now)) return nullptr;
  for (const User* other : turns_) {
    if (!IsHeldBack(*other, other->line.begin()->second.seats, now)) return nullptr;
  }
  taken_ += seats;
  user->taken += seats;
  return user;
}

std::optional<FairQueue::Ready> FairQueue::Add(const std::string& name, int wanted, MonoTime until,
                                               MonoTime now, Done done) {
  User* const user = See(name, now);
  const size_t length = user->line.size();
  if (length >= static_cast<size_t>(std::max(0, limits_.queued_user))) {
    return Ready{std::move(done), Outcome::kLineFull, nullptr};
  }
  std::optional<Ready> refused;
  if (due_.size() >= static_cast<size_t>(std::max(0, limits_.queued))) {
    User* const longest = LongestLine();
    if (longest == nullptr || longest->line.size() <= length + 1) {
      return Ready{std::move(done), Outcome::kAllFull, nullptr};
    }
    refused = Ready{Remove(longest, longest->line.rbegin()->first), Outcome::kAllFull, nullptr};
  }
  const uint64_t ticket = next_ticket_++;
  if (user->line.empty()) turns_.push_back(user);
  user->line.emplace(ticket, User::Waiter{until, Seats(wanted), std::move(done)});
  due_.insert({until, ticket, user});
  return refused;
}

FairQueue::User* FairQueue::LongestLine() const {
  const auto longest = std::max_element(
      turns_.begin(), turns_.end(),
      [](const User* a, const User* b) { return a->line.size() < b->line.size(); });
  return longest == turns_.end() ? nullptr : *longest;
}

FairQueue::Done FairQueue::Remove(User* user, uint64_t ticket) {
  const auto it = user->line.find(ticket);
  Done done = std::move(it->second.done);
  due_.erase({it->second.until, ticket, user});
  user->line.erase(it);
  if (user->line.empty()) turns_.remove(user);
  return done;
}

std::optional<FairQueue::Ready> FairQueue::Next(MonoTime now) {
  for (auto it = turns_.begin(); it != turns_.end(); ++it) {
    User* const user = *it;
    const auto& [ticket, waiter] = *user->line.begin();
    if (IsHeldBack(*user, waiter.seats, now)) continue;
    // Nobody passes whose turn it is, or a wide one might wait for ever.
    if (taken_ + waiter.seats > limits_.places) break;
    taken_ += waiter.seats;
    user->taken += waiter.seats;
    turns_.splice(turns_.end(), turns_, it);
    return Ready{Remove(user, ticket), Outcome::kEntered, user};
  }
  if (due_.empty() || now < due_.begin()->until) return std::nullopt;
  const Due due = *due_.begin();
  return Ready{Remove(due.user, due.ticket), Outcome::kTooLong, nullptr};
}

std::optional<MonoTime> FairQueue::NextDue(MonoTime now) const {
  if (due_.empty()) return std::nullopt;
  const MonoTime until = due_.begin()->until;
  // Nobody is held back after that.
  return now < several_until_ ? std::min(until, several_until_) : until;
}

void FairQueue::Leave(User* user, int wanted) {
  const int seats = Seats(wanted);
  taken_ -= seats;
  user->taken -= seats;
}

}  // namespace gantry::apiserver
