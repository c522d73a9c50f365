#include "controllers/runtime/work_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "apis/machinery/base/context.h"

namespace gantry::runtime {
namespace {

using namespace std::chrono_literals;

class WorkQueueTest : public ::testing::Test {
 protected:
  std::string Next() {
    const auto key = queue_.TryGet();
    return key ? key->name : "-";
  }
  FakeClock clock_{WallTime()};
  WorkQueue queue_{&clock_};
  const ObjectKey a_{"", "a"}, b_{"", "b"};
};

TEST_F(WorkQueueTest, AKeyWaitsOnce) {
  queue_.Add(a_);
  queue_.Add(b_);
  queue_.Add(a_);
  EXPECT_EQ(queue_.depth(), 2u);
  EXPECT_EQ(Next(), "a");
  EXPECT_EQ(Next(), "b");
  EXPECT_EQ(Next(), "-");
}

TEST_F(WorkQueueTest, AddedWhileInWorkComesAgainAfterDone) {
  queue_.Add(a_);
  EXPECT_EQ(Next(), "a");
  queue_.Add(a_);
  queue_.Add(a_);
  EXPECT_EQ(Next(), "-");  // one worker a key
  queue_.Done(a_);
  EXPECT_EQ(Next(), "a");
  queue_.Done(a_);
  EXPECT_EQ(Next(), "-");
}

TEST_F(WorkQueueTest, TheEarliestDelayCounts) {
  queue_.AddAfter(a_, 10s);
  queue_.AddAfter(a_, 5s);
  queue_.AddAfter(a_, 20s);
  clock_.Advance(4s);
  EXPECT_EQ(Next(), "-");
  clock_.Advance(1s);
  EXPECT_EQ(Next(), "a");
  queue_.Done(a_);
  clock_.Advance(60s);
  EXPECT_EQ(Next(), "-");
}

TEST_F(WorkQueueTest, AddingNowCancelsTheDelay) {
  queue_.AddAfter(a_, 10s);
  queue_.Add(a_);
  EXPECT_EQ(Next(), "a");
  queue_.Done(a_);
  clock_.Advance(10s);
  EXPECT_EQ(Next(), "-");
}

TEST_F(WorkQueueTest, BackoffDoublesUpToItsBoundAndIsForgotten) {
  std::vector<int64_t> delays;
  for (int i = 0; i < 15; ++i) {
    queue_.AddRateLimited(a_);
    int64_t waited = 0;
    while (Next() == "-") {
      clock_.Advance(5ms);
      waited += 5;
    }
    queue_.Done(a_);
    delays.push_back(waited);
  }
  EXPECT_EQ(delays[0], 5);
  EXPECT_EQ(delays[1], 10);
  EXPECT_EQ(delays[5], 160);
  EXPECT_EQ(delays[14], 30000);
  EXPECT_EQ(queue_.Failures(a_), 15);
  queue_.Forget(a_);
  queue_.AddRateLimited(a_);
  clock_.Advance(5ms);
  EXPECT_EQ(Next(), "a");
}

TEST_F(WorkQueueTest, ShutDownEndsWaitersAndIgnoresKeys) {
  std::atomic<bool> ended{false};
  std::thread waiter([&] {
    EXPECT_FALSE(queue_.Get());
    ended = true;
  });
  queue_.ShutDown();
  waiter.join();
  EXPECT_TRUE(ended);
  queue_.Add(a_);
  EXPECT_EQ(queue_.depth(), 0u);
}

TEST(WorkQueueReport, SaysWhatIsBusyWithWhat) {
  FakeClock clock{WallTime()};
  WorkQueue::Options options;
  options.name = "reported";
  WorkQueue queue(&clock, options);
  const auto key = [](const char* name) { return ObjectKey{"ns", name}; };
  for (const char* name : {"a", "b", "c"}) queue.Add(key(name));
  clock.Advance(std::chrono::seconds(2));
  ASSERT_EQ(queue.TryGet(), key("a"));
  clock.Advance(std::chrono::seconds(3));
  ASSERT_EQ(queue.TryGet(), key("b"));
  clock.Advance(std::chrono::seconds(1));
  for (int i = 0; i < 3; ++i) queue.AddRateLimited(key("often"));
  queue.AddRateLimited(key("once"));

  WorkQueue::Report report = queue.Look(1);
  EXPECT_EQ(report.waiting, 1u);
  EXPECT_EQ(report.delayed, 2u);
  EXPECT_EQ(report.processing, 2u);
  EXPECT_EQ(report.longest, std::chrono::seconds(4));
  EXPECT_EQ(report.unfinished, std::chrono::seconds(5));
  ASSERT_EQ(report.oldest.size(), 1u);
  EXPECT_EQ(report.oldest[0], std::make_pair(key("a"), Duration(std::chrono::seconds(4))));
  ASSERT_EQ(report.failing.size(), 1u);
  EXPECT_EQ(report.failing[0], std::make_pair(key("often"), 3));

  queue.Done(key("a"));
  queue.Done(key("b"));
  report = queue.Look(10);
  EXPECT_EQ(report.processing, 0u);
  EXPECT_EQ(report.longest, Duration::zero());
  const std::string text = metrics::Expose();
  for (const char* line :
       {"workqueue_adds_total{name=\"reported\"} 3", "workqueue_retries_total{name=\"reported\"} 4",
        "workqueue_queue_duration_seconds_sum{name=\"reported\"} 7",
        "workqueue_work_duration_seconds_sum{name=\"reported\"} 5"})
    EXPECT_NE(text.find(line), std::string::npos) << line;
}

TEST(WorkQueueThreads, NeverTwoWorkersOnOneKeyAndNoAddIsLost) {
  WorkQueue queue(Clock::Real());
  constexpr int kKeys = 4, kRounds = 500;
  std::atomic<int> wanted[kKeys] = {}, seen[kKeys] = {}, inside[kKeys] = {};
  std::atomic<bool> overlap{false};
  std::vector<std::thread> workers;
  for (int w = 0; w < 3; ++w) {
    workers.emplace_back([&] {
      while (auto key = queue.Get()) {
        const int k = key->name[0] - 'a';
        if (++inside[k] != 1) overlap = true;
        seen[k] = wanted[k].load();
        --inside[k];
        queue.Done(*key);
      }
    });
  }
  for (int i = 0; i < kRounds; ++i) {
    const int k = i % kKeys;
    ++wanted[k];
    queue.Add({"", std::string(1, static_cast<char>('a' + k))});
  }
  const Context limit = Context().WithTimeout(30s);
  for (int k = 0; k < kKeys; ++k) {
    while (seen[k] != kRounds / kKeys && limit.SleepFor(1ms).ok()) {
    }
    EXPECT_EQ(seen[k], kRounds / kKeys);
  }
  queue.ShutDown();
  for (std::thread& t : workers) t.join();
  EXPECT_FALSE(overlap);
}

}  // namespace
}  // namespace gantry::runtime
