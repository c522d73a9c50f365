#include "apiserver/filters/fair_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace gantry::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Outcome = FairQueue::Outcome;

// A queue, and what became of those who waited in it.
class Fixture {
 public:
  struct Within {
    FairQueue::User* user;
    std::string name;
    int seats;
  };
  struct Seen {
    std::string label;
    Outcome outcome;
  };

  explicit Fixture(const FairQueue::Limits& limits) : queue_(limits) {}

  bool TryEnter(const std::string& user, int seats = 1) {
    FairQueue::User* const entered = queue_.TryEnter(user, seats, now_);
    if (entered != nullptr) within_.push_back({entered, user, seats});
    return entered != nullptr;
  }
  void Wait(const std::string& user, const std::string& label, int seats = 1,
            Duration patience = std::chrono::hours(1)) {
    auto refused =
        queue_.Add(user, seats, now_ + patience, now_,
                   [this, user, label, seats](Outcome outcome, FairQueue::User* entered) {
                     seen_.push_back({label, outcome});
                     if (entered != nullptr) within_.push_back({entered, user, seats});
                   });
    if (refused) refused->done(refused->outcome, refused->user);
  }
  void Leave(size_t i = 0) {
    queue_.Leave(within_[i].user, within_[i].seats);
    within_.erase(within_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  // Lets in, or sends away, all whose time it is; their labels.
  std::vector<std::string> Serve() {
    const size_t before = seen_.size();
    while (auto ready = queue_.Next(now_)) ready->done(ready->outcome, ready->user);
    std::vector<std::string> labels;
    for (size_t i = before; i < seen_.size(); ++i) labels.push_back(seen_[i].label);
    return labels;
  }
  void Advance(Duration by) { now_ += by; }

  FairQueue queue_;
  MonoTime now_{std::chrono::hours(1000)};
  std::vector<Within> within_;
  std::vector<Seen> seen_;
};

constexpr FairQueue::Limits kOnePlace{1, 100, 50, 1, std::chrono::seconds(1)};

TEST(FairQueue, PlacesGoToUsersInTurn) {
  Fixture f(kOnePlace);
  ASSERT_TRUE(f.TryEnter("flood"));
  for (int i = 0; i < 40; ++i) f.Wait("flood", "f" + std::to_string(i));
  f.Wait("ann", "a0");
  f.Wait("ann", "a1");
  f.Wait("bob", "b0");
  EXPECT_THAT(f.Serve(), IsEmpty());
  std::vector<std::string> order;
  for (int i = 0; i < 6; ++i) {
    f.Leave();
    for (const std::string& label : f.Serve()) order.push_back(label);
  }
  EXPECT_THAT(order, ElementsAre("f0", "a0", "b0", "f1", "a1", "f2"));
}

TEST(FairQueue, AFullLineRefusesItsUserOnly) {
  Fixture f({1, 100, 2, 1, std::chrono::seconds(1)});
  ASSERT_TRUE(f.TryEnter("flood"));
  for (const char* label : {"f0", "f1", "f2"}) f.Wait("flood", label);
  ASSERT_EQ(f.seen_.size(), 1u);
  EXPECT_EQ(f.seen_[0].label, "f2");
  EXPECT_EQ(f.seen_[0].outcome, Outcome::kLineFull);
  f.Wait("ann", "a0");
  EXPECT_EQ(f.seen_.size(), 1u);
}

TEST(FairQueue, TheLongestLineMakesRoom) {
  Fixture f({1, 3, 3, 1, std::chrono::seconds(1)});
  ASSERT_TRUE(f.TryEnter("flood"));
  for (const char* label : {"f0", "f1", "f2"}) f.Wait("flood", label);
  f.Wait("ann", "a0");
  ASSERT_EQ(f.seen_.size(), 1u);
  EXPECT_EQ(f.seen_[0].label, "f2");
  EXPECT_EQ(f.seen_[0].outcome, Outcome::kAllFull);
  f.Wait("ann", "a1");  // would only turn the two around
  ASSERT_EQ(f.seen_.size(), 2u);
  EXPECT_EQ(f.seen_[1].label, "a1");
  EXPECT_EQ(f.seen_[1].outcome, Outcome::kAllFull);
  EXPECT_EQ(f.queue_.waiting(), 3u);
}

TEST(FairQueue, WhoWaitsTooLongIsSentAway) {
  Fixture f(kOnePlace);
  ASSERT_TRUE(f.TryEnter("ann"));
  f.Wait("ann", "late", 1, std::chrono::seconds(5));
  f.Wait("ann", "soon", 1, std::chrono::seconds(2));
  EXPECT_EQ(f.queue_.NextDue(f.now_), f.now_ + std::chrono::seconds(2));
  f.Advance(std::chrono::seconds(2));
  EXPECT_THAT(f.Serve(), ElementsAre("soon"));
  EXPECT_EQ(f.seen_[0].outcome, Outcome::kTooLong);
  f.Leave();
  EXPECT_THAT(f.Serve(), ElementsAre("late"));
  EXPECT_EQ(f.seen_[1].outcome, Outcome::kEntered);
  EXPECT_EQ(f.queue_.NextDue(f.now_), std::nullopt);
}

TEST(FairQueue, OneAloneHasAllPlacesAmongOthersAShare) {
  Fixture f({8, 100, 50, 2, std::chrono::seconds(1)});
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(f.TryEnter("flood")) << i;
  EXPECT_FALSE(f.TryEnter("flood"));
  f.Wait("flood", "f0");
  EXPECT_FALSE(f.TryEnter("ann"));  // none is free, but she was seen
  f.Leave();
  EXPECT_THAT(f.Serve(), IsEmpty());  // kept for others
  EXPECT_EQ(f.queue_.NextDue(f.now_), f.now_ + std::chrono::seconds(1));
  EXPECT_TRUE(f.TryEnter("ann"));  // past who is held back
  f.Leave(7);
  for (int i = 0; i < 5; ++i) f.Leave();
  EXPECT_THAT(f.Serve(), IsEmpty());
  f.Leave();
  EXPECT_THAT(f.Serve(), ElementsAre("f0"));
  EXPECT_FALSE(f.TryEnter("flood"));
  f.Advance(std::chrono::seconds(1));  // nobody else for a while
  EXPECT_TRUE(f.TryEnter("flood"));
}

TEST(FairQueue, AWideOneWaitsForItsPlacesAndIsNotPassed) {
  Fixture f({8, 100, 50, 4, std::chrono::seconds(1), 4});
  for (const char* user : {"a", "b", "c", "d", "e", "f"}) ASSERT_TRUE(f.TryEnter(user));
  f.Wait("wide", "w", 100);  // as many as one may have
  f.Wait("g", "g0");
  EXPECT_FALSE(f.TryEnter("h"));
  EXPECT_THAT(f.Serve(), IsEmpty());
  f.Leave();
  EXPECT_THAT(f.Serve(), IsEmpty());
  f.Leave();
  EXPECT_THAT(f.Serve(), ElementsAre("w"));
  EXPECT_EQ(f.queue_.taken(), 8);
  f.Leave(4);
  EXPECT_EQ(f.queue_.taken(), 4);
  EXPECT_THAT(f.Serve(), ElementsAre("g0"));
}

// Random comings and goings: bounds hold at every step, all are answered once, a user's own in
// their order.
TEST(FairQueue, KeepsItsPromises) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&random](int n) {
      return static_cast<int>(random() % static_cast<uint32_t>(n));
    };
    const FairQueue::Limits limits{1 + pick(8), 1 + pick(20), 1 + pick(10), 1 + pick(4),
                                   std::chrono::milliseconds(pick(50))};
    Fixture f(limits);
    const int users = 1 + pick(5);
    int waits = 0;
    for (int step = 0; step < 2000; ++step) {
      const int u = pick(users);
      const std::string user = "u" + std::to_string(u);
      switch (pick(4)) {
        case 0: f.TryEnter(user, 1 + pick(3)); break;
        case 1:
          f.Wait(user, user + "/" + std::to_string(waits++), 1 + pick(3),
                 std::chrono::milliseconds(pick(100)));
          break;
        case 2:
          if (!f.within_.empty())
            f.Leave(static_cast<size_t>(pick(static_cast<int>(f.within_.size()))));
          break;
        default: f.Advance(std::chrono::milliseconds(pick(10)));
      }
      f.Serve();
      ASSERT_LE(f.queue_.taken(), limits.places);
      ASSERT_LE(f.queue_.waiting(), static_cast<size_t>(limits.queued));
      ASSERT_EQ(f.seen_.size() + f.queue_.waiting(), static_cast<size_t>(waits));
      // Nobody waits while all places are free.
      ASSERT_TRUE(!f.within_.empty() || f.queue_.waiting() == 0);
    }
    f.Advance(std::chrono::hours(2));
    while (!f.within_.empty()) f.Leave();
    f.Serve();
    while (!f.within_.empty()) {
      f.Leave();
      f.Serve();
    }
    ASSERT_EQ(f.seen_.size(), static_cast<size_t>(waits));
    ASSERT_EQ(f.queue_.taken(), 0);
    std::map<std::string, int> last;
    for (const Fixture::Seen& seen : f.seen_) {
      if (seen.outcome != Outcome::kEntered) continue;
      const size_t slash = seen.label.find('/');
      const int number = std::stoi(seen.label.substr(slash + 1));
      const std::string user = seen.label.substr(0, slash);
      ASSERT_TRUE(!last.contains(user) || last[user] < number) << "seed " << seed;
      last[user] = number;
    }
  }
}

// However long the others' lines are, who waits alone gets the next place but few.
TEST(FairQueue, AFloodDelaysOthersByOneTurn) {
  for (const int flooders : {1, 3}) {
    Fixture f({4, 10000, 2000, 4, std::chrono::seconds(1)});
    const auto flood = [&f, flooders](int i) {
      const std::string name = "flood" + std::to_string(i % flooders);
      if (!f.TryEnter(name)) f.Wait(name, name);
    };
    for (int i = 0; i < 3000; ++i) flood(i);
    for (int round = 0; round < 200; ++round) {
      f.Wait("ann", "ann");
      int places = 0;
      for (bool served = false; !served; ++places) {
        ASSERT_LE(places, flooders);
        f.Leave();
        const auto labels = f.Serve();
        served = std::find(labels.begin(), labels.end(), "ann") != labels.end();
      }
    }
  }
}

TEST(FairQueue, ForgetsUsersWhoAreGone) {
  Fixture f({4, 10, 10, 4, std::chrono::seconds(1)});
  ASSERT_TRUE(f.TryEnter("stays"));
  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE(f.TryEnter("u" + std::to_string(i)));
    f.Leave(1);
  }
  f.Leave();
  EXPECT_EQ(f.queue_.taken(), 0);
}

}  // namespace
}  // namespace gantry::apiserver
