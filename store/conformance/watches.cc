#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "store/conformance/conformance.h"
#include "store/conformance/recorder.h"

namespace gantry::store {
namespace {

void EventsCarryKeyValueAndPrevious(ConformanceTest& t) {
  Recorder recorder;
  ASSERT_TRUE(recorder.Start(t.store.get(), "", 0).ok());
  const Revision a = *t->Create("/a", "1");
  const Revision b = *t->Update("/a", "2", a);
  const Revision c = *t->Delete("/a", b);
  const Revision d = *t->Create("/a", "3");
  const auto e = recorder.WaitForEvents(4);
  ASSERT_EQ(e.size(), 4u);
  const std::vector<std::tuple<Event::Type, Revision, std::string, Revision>> want = {
      {Event::Type::kPut, a, "1", 0},
      {Event::Type::kPut, b, "2", a},
      {Event::Type::kDelete, c, "2", b},
      {Event::Type::kPut, d, "3", 0}};
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(e[i].key, "/a");
    EXPECT_EQ(std::make_tuple(e[i].type, e[i].revision, e[i].value, e[i].previous), want[i]) << i;
  }
}

void HistoryAndLiveEventsAreTheSame(ConformanceTest& t) {
  Recorder live;
  ASSERT_TRUE(live.Start(t.store.get(), "", 0).ok());
  for (int i = 0; i < 20; ++i) {
    const std::string key = "/" + std::to_string(i);
    ASSERT_TRUE(t->Create(key, "1").ok());
    ASSERT_TRUE(t->Update(key, "2", 0).ok());
    if (i % 2 == 0) {
      ASSERT_TRUE(t->Delete(key, 0).ok());
    }
  }
  const auto want = live.WaitForEvents(50);
  Recorder later;
  ASSERT_TRUE(later.Start(t.store.get(), "", 0).ok());
  const auto got = later.WaitForEvents(50);
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].revision, want[i].revision);
    EXPECT_EQ(got[i].type, want[i].type);
    EXPECT_EQ(got[i].key, want[i].key);
    EXPECT_EQ(got[i].value, want[i].value);
    EXPECT_EQ(got[i].previous, want[i].previous);
  }
}

void AWatchResumesFromAnyRevision(ConformanceTest& t) {
  constexpr Revision kWrites = 12;
  for (int i = 0; i < kWrites; ++i) ASSERT_TRUE(t->Create("/" + std::to_string(i), "v").ok());
  for (Revision after = 0; after <= kWrites; ++after) {
    Recorder recorder;
    ASSERT_TRUE(recorder.Start(t.store.get(), "", after).ok());
    const auto events = recorder.WaitForEvents(kWrites - after);
    ASSERT_EQ(events.size(), static_cast<size_t>(kWrites - after));
    for (size_t i = 0; i < events.size(); ++i) {
      EXPECT_EQ(events[i].revision, after + 1 + static_cast<Revision>(i));
    }
  }
}

void ManyWatchesStartedDuringWritesMissNothing(ConformanceTest& t) {
  constexpr int kWrites = 400;
  constexpr int kWatches = 12;
  std::atomic<int> written{0};
  std::thread writer([&] {
    for (int i = 0; i < kWrites; ++i) {
      ASSERT_TRUE(t->Create("/" + std::to_string(i), std::string(200, 'v')).ok());
      written = i + 1;
    }
  });
  std::vector<std::unique_ptr<Recorder>> recorders;
  for (int n = 0; n < kWatches; ++n) {
    while (written < kWrites && written < n * kWrites / kWatches) std::this_thread::yield();
    recorders.push_back(std::make_unique<Recorder>());
    ASSERT_TRUE(recorders.back()->Start(t.store.get(), "/", n).ok());
  }
  writer.join();
  for (int n = 0; n < kWatches; ++n) {
    const auto events = recorders[n]->WaitForEvents(kWrites - n);
    ASSERT_EQ(events.size(), static_cast<size_t>(kWrites - n));
    for (size_t i = 0; i < events.size(); ++i) {
      ASSERT_EQ(events[i].revision, n + 1 + static_cast<Revision>(i));
    }
  }
}

void AWatchSeesItsPrefixOnly(ConformanceTest& t) {
  Recorder recorder;
  ASSERT_TRUE(recorder.Start(t.store.get(), "/a/", 0).ok());
  for (const char* key : {"/a", "/a/1", "/a0", "/b/1", "/a/2", "/a/2/3"}) {
    ASSERT_TRUE(t->Create(key, "v").ok());
  }
  recorder.WaitForRevision(t->current_revision());
  std::vector<std::string> keys;
  for (const Event& e : recorder.events()) keys.push_back(e.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"/a/1", "/a/2", "/a/2/3"}));
}

void ProgressFollowsWritesToOtherPrefixes(ConformanceTest& t) {
  Recorder recorder;
  ASSERT_TRUE(recorder.Start(t.store.get(), "/mine/", 0).ok());
  const Revision other = *t->Create("/other", "v");
  recorder.WaitForProgress(other);
  EXPECT_TRUE(recorder.events().empty());
  const Revision mine = *t->Create("/mine/1", "v");
  EXPECT_EQ(recorder.WaitForEvents(1)[0].revision, mine);
  const Revision again = *t->Update("/other", "w", 0);
  recorder.WaitForProgress(again);
}

void ProgressAlsoFollowsHistory(ConformanceTest& t) {
  ASSERT_TRUE(t->Create("/mine/1", "v").ok());
  const Revision other = *t->Create("/other", "v");
  Recorder recorder;
  ASSERT_TRUE(recorder.Start(t.store.get(), "/mine/", 0).ok());
  recorder.WaitForProgress(other);
  EXPECT_EQ(recorder.events().size(), 1u);
}

void TheFutureCannotBeWatched(ConformanceTest& t) {
  Recorder recorder;
  EXPECT_EQ(recorder.Start(t.store.get(), "", 1).code(), Code::kInvalid);
  EXPECT_EQ(recorder.Start(t.store.get(), "", -1).code(), Code::kInvalid);
}

void ASinkThatReturnsFalseIsNotCalledAgain(ConformanceTest& t) {
  Recorder ends;
  Recorder goes_on;
  ends.EndAfter(1);
  ASSERT_TRUE(ends.Start(t.store.get(), "", 0).ok());
  ASSERT_TRUE(goes_on.Start(t.store.get(), "", 0).ok());
  ASSERT_TRUE(t->Create("/a", "1").ok());
  ends.WaitForEvents(1);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(t->Update("/a", "2", 0).ok());
  goes_on.WaitForEvents(11);
  EXPECT_EQ(ends.events().size(), 1u);
}

void AfterItsHandleIsGoneASinkIsNotCalled(ConformanceTest& t) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<bool> gone{false};
    std::atomic<int> calls{0};
    auto watch = t->Watch("", 0, [&](const std::vector<Event>&) {
      EXPECT_FALSE(gone);
      ++calls;
      return true;
    });
    ASSERT_TRUE(watch.ok());
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(t->Create("/" + std::to_string(round) + "/" + std::to_string(i), "v").ok());
    }
    watch->reset();
    gone = true;
  }
}

void ASlowSinkDelaysNobodyButItself(ConformanceTest& t) {
  Recorder slow;
  Recorder quick;
  slow.Hold();
  ASSERT_TRUE(slow.Start(t.store.get(), "", 0).ok());
  ASSERT_TRUE(quick.Start(t.store.get(), "", 0).ok());
  ASSERT_TRUE(t->Create("/0", "v").ok());
  slow.WaitUntilHeld();
  for (int i = 1; i < 50; ++i) ASSERT_TRUE(t->Create("/" + std::to_string(i), "v").ok());
  quick.WaitForEvents(50);
  EXPECT_TRUE(slow.events().empty());
  slow.Release();
  EXPECT_EQ(slow.WaitForEvents(50).size(), 50u);
}

void ASinkFarBehindGetsEverything(ConformanceTest& t) {
  // More than any backend would keep in memory for a watch.
  constexpr int kWrites = 200;
  const std::string value(100'000, 'v');
  Recorder slow;
  slow.Hold();
  ASSERT_TRUE(slow.Start(t.store.get(), "", 0).ok());
  ASSERT_TRUE(t->Create("/0", value).ok());
  slow.WaitUntilHeld();
  for (int i = 1; i < kWrites; ++i) ASSERT_TRUE(t->Create("/" + std::to_string(i), value).ok());
  slow.Release();
  const auto events = slow.WaitForEvents(kWrites);
  ASSERT_EQ(events.size(), size_t{kWrites});
  for (int i = 0; i < kWrites; ++i) {
    EXPECT_EQ(events[i].revision, i + 1);
    EXPECT_EQ(events[i].value.size(), value.size());
  }
}

void AWatchEndsWhenItsHistoryIsCompacted(ConformanceTest& t) {
  const std::string value(100'000, 'v');
  Recorder slow;
  slow.Hold();
  ASSERT_TRUE(slow.Start(t.store.get(), "", 0).ok());
  ASSERT_TRUE(t->Create("/a", value).ok());
  slow.WaitUntilHeld();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(t->Update("/a", value, 0).ok());
  ASSERT_TRUE(t->Compact(t->current_revision()).ok());
  slow.Release();
  slow.WaitForLost();
  EXPECT_LT(slow.events().size(), 101u);
}

void NoEventIsAheadOfTheVisibleRevision(ConformanceTest& t) {
  std::atomic<bool> ahead{false};
  std::atomic<Revision> seen{0};
  Store* const store = t.store.get();
  auto watch = t->Watch("", 0, [&](const std::vector<Event>& batch) {
    if (batch.back().revision > store->current_revision()) ahead = true;
    seen = batch.back().revision;
    return true;
  });
  ASSERT_TRUE(watch.ok());
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&t, n] {
      for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(t->Create("/" + std::to_string(n) + "/" + std::to_string(i), "v").ok());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  while (seen < 200) std::this_thread::yield();
  EXPECT_FALSE(ahead);
}

}  // namespace

ConformanceCases WatchCases() {
  return {
      {"EventsCarryKeyValueAndPrevious", EventsCarryKeyValueAndPrevious},
      {"HistoryAndLiveEventsAreTheSame", HistoryAndLiveEventsAreTheSame},
      {"AWatchResumesFromAnyRevision", AWatchResumesFromAnyRevision},
      {"ManyWatchesStartedDuringWritesMissNothing", ManyWatchesStartedDuringWritesMissNothing},
      {"AWatchSeesItsPrefixOnly", AWatchSeesItsPrefixOnly},
      {"ProgressFollowsWritesToOtherPrefixes", ProgressFollowsWritesToOtherPrefixes},
      {"ProgressAlsoFollowsHistory", ProgressAlsoFollowsHistory},
      {"TheFutureCannotBeWatched", TheFutureCannotBeWatched},
      {"ASinkThatReturnsFalseIsNotCalledAgain", ASinkThatReturnsFalseIsNotCalledAgain},
      {"AfterItsHandleIsGoneASinkIsNotCalled", AfterItsHandleIsGoneASinkIsNotCalled},
      {"ASlowSinkDelaysNobodyButItself", ASlowSinkDelaysNobodyButItself},
      {"ASinkFarBehindGetsEverything", ASinkFarBehindGetsEverything},
      {"AWatchEndsWhenItsHistoryIsCompacted", AWatchEndsWhenItsHistoryIsCompacted},
      {"NoEventIsAheadOfTheVisibleRevision", NoEventIsAheadOfTheVisibleRevision},
  };
}

}  // namespace gantry::store
