#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "apis/machinery/base/mutex.h"
#include "store/conformance/conformance.h"
#include "store/conformance/recorder.h"

namespace gantry::store {
namespace {

void RevisionsGrowWithEveryWrite(ConformanceTest& t) {
  EXPECT_EQ(t->current_revision(), 0);
  const Revision a = *t->Create("/a", "1");
  const Revision b = *t->Create("/b", "1");
  const Revision c = *t->Update("/a", "2", a);
  const Revision d = *t->Delete("/b", b);
  EXPECT_TRUE(0 < a && a < b && b < c && c < d);
  EXPECT_EQ(t->current_revision(), d);
}

void CreateOfALiveKeyIsRefused(ConformanceTest& t) {
  ASSERT_TRUE(t->Create("/a", "1").ok());
  EXPECT_EQ(t->Create("/a", "2").code(), Code::kAlreadyExists);
  EXPECT_EQ(t->Get("/a")->record->value, "1");
}

void ADeletedKeyCanBeCreatedAgain(ConformanceTest& t) {
  const Revision first = *t->Create("/a", "1");
  ASSERT_TRUE(t->Delete("/a", first).ok());
  auto again = t->Create("/a", "2");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(t->Get("/a")->record->mod_revision, *again);
  EXPECT_EQ(t->Get("/a", first)->record->value, "1");
}

void UpdateAndDeleteNeedALiveKey(ConformanceTest& t) {
  EXPECT_EQ(t->Update("/a", "1", 0).code(), Code::kNotFound);
  EXPECT_EQ(t->Update("/a", "1", 7).code(), Code::kNotFound);
  EXPECT_EQ(t->Delete("/a", 0).code(), Code::kNotFound);
  const Revision a = *t->Create("/a", "1");
  ASSERT_TRUE(t->Delete("/a", 0).ok());
  EXPECT_EQ(t->Update("/a", "1", a).code(), Code::kNotFound);
  EXPECT_EQ(t->Delete("/a", a).code(), Code::kNotFound);
}

void AStaleExpectationConflicts(ConformanceTest& t) {
  const Revision first = *t->Create("/a", "1");
  const Revision second = *t->Update("/a", "2", first);
  EXPECT_EQ(t->Update("/a", "3", first).code(), Code::kConflict);
  EXPECT_EQ(t->Delete("/a", first).code(), Code::kConflict);
  EXPECT_EQ(t->Update("/a", "3", second + 1).code(), Code::kConflict);
  EXPECT_EQ(t->Get("/a")->record->value, "2");
  EXPECT_TRUE(t->Delete("/a", second).ok());
}

void ExpectationZeroTakesAnyLiveVersion(ConformanceTest& t) {
  ASSERT_TRUE(t->Create("/a", "1").ok());
  ASSERT_TRUE(t->Update("/a", "2", 0).ok());
  EXPECT_EQ(t->Get("/a")->record->value, "2");
  ASSERT_TRUE(t->Delete("/a", 0).ok());
  EXPECT_FALSE(t->Get("/a")->record.has_value());
}

void ARefusedWriteLeavesNoTrace(ConformanceTest& t) {
  const Revision a = *t->Create("/a", "1");
  EXPECT_FALSE(t->Create("/a", "2").ok());
  EXPECT_FALSE(t->Update("/a", "2", a + 5).ok());
  EXPECT_FALSE(t->Delete("/b", 0).ok());
  EXPECT_FALSE(t->Create("/c", std::string(kMaxValueBytes + 1, 'x')).ok());
  EXPECT_EQ(t->current_revision(), a);
  const Revision b = *t->Create("/b", "1");
  Recorder recorder;
  ASSERT_TRUE(recorder.Start(t.store.get(), "", 0).ok());
  const auto events = recorder.WaitForEvents(2);
  EXPECT_EQ(events[0].revision, a);
  EXPECT_EQ(events[1].revision, b);
}

void TheValueLimitIsExact(ConformanceTest& t) {
  EXPECT_TRUE(t->Create("/fits", std::string(kMaxValueBytes, 'x')).ok());
  EXPECT_EQ(t->Create("/a", std::string(kMaxValueBytes + 1, 'x')).code(), Code::kTooLarge);
  EXPECT_EQ(t->Update("/fits", std::string(kMaxValueBytes + 1, 'x'), 0).code(), Code::kTooLarge);
  EXPECT_EQ(t->Get("/fits")->record->value.size(), kMaxValueBytes);
}

void TheKeyLimitIsExact(ConformanceTest& t) {
  EXPECT_EQ(t->Create("", "1").code(), Code::kInvalid);
  EXPECT_EQ(t->Create(std::string(kMaxKeyBytes + 1, 'k'), "1").code(), Code::kInvalid);
  const std::string longest(kMaxKeyBytes, 'k');
  ASSERT_TRUE(t->Create(longest, "1").ok());
  EXPECT_EQ(t->Get(longest)->record->key, longest);
}

void KeysAndValuesAreAnyBytes(ConformanceTest& t) {
  std::vector<std::string> keys = {std::string("\0", 1),
                                   std::string("\0\0", 2),
                                   std::string("\0\x01", 2),
                                   std::string("\0\xff", 2),
                                   std::string("a\0", 2),
                                   std::string("a\0b", 3),
                                   "a",
                                   "\xff",
                                   "\xff\xff",
                                   "a\x01"};
  for (const auto& key : keys) ASSERT_TRUE(t->Create(key, key + key).ok());
  ASSERT_TRUE(t->Create("empty", "").ok());
  for (const auto& key : keys) {
    auto got = t->Get(key);
    ASSERT_TRUE(got.ok() && got->record);
    EXPECT_EQ(got->record->value, key + key);
  }
  EXPECT_EQ(t->Get("empty")->record->value, "");
}

void QueuedWritesCommitInTheirOrder(ConformanceTest& t) {
  constexpr int kWrites = 500;
  Mutex mu;
  CondVar cv;
  std::vector<Result<Revision>> outcomes;
  ASSERT_TRUE(t->Create("/counter", "start").ok());
  for (int i = 0; i < kWrites; ++i) {
    t->Write({WriteOp::Kind::kUpdate, "/counter", std::to_string(i), 0}, [&](Result<Revision> r) {
      MutexLock lock(&mu);
      outcomes.push_back(std::move(r));
      cv.Signal();
    });
  }
  MutexLock lock(&mu);
  while (outcomes.size() < kWrites) cv.Wait(&mu);
  Revision last = 0;
  for (int i = 0; i < kWrites; ++i) {
    ASSERT_TRUE(outcomes[i].ok());
    EXPECT_GT(*outcomes[i], last);
    last = *outcomes[i];
    EXPECT_EQ(t->Get("/counter", last)->record->value, std::to_string(i));
  }
}

void QueuedWritesSeeEachOther(ConformanceTest& t) {
  // Queued at once, so that a backend that writes them as one batch must look inside it.
  const std::vector<std::pair<WriteOp, std::optional<Code>>> steps = {
      {{WriteOp::Kind::kCreate, "/a", "1", 0}, std::nullopt},
      {{WriteOp::Kind::kCreate, "/a", "2", 0}, Code::kAlreadyExists},
      {{WriteOp::Kind::kUpdate, "/a", "3", 0}, std::nullopt},
      {{WriteOp::Kind::kUpdate, "/a", "4", 1}, Code::kConflict},
      {{WriteOp::Kind::kDelete, "/a", "", 0}, std::nullopt},
      {{WriteOp::Kind::kDelete, "/a", "", 0}, Code::kNotFound},
      {{WriteOp::Kind::kCreate, "/a", "5", 0}, std::nullopt}};
  Mutex mu;
  CondVar cv;
  std::vector<Result<Revision>> outcomes;
  for (const auto& step : steps) {
    t->Write(step.first, [&](Result<Revision> r) {
      MutexLock lock(&mu);
      outcomes.push_back(std::move(r));
      cv.Signal();
    });
  }
  {
    MutexLock lock(&mu);
    while (outcomes.size() < steps.size()) cv.Wait(&mu);
    for (size_t i = 0; i < steps.size(); ++i) {
      ASSERT_EQ(outcomes[i].ok(), !steps[i].second) << i;
      if (steps[i].second) {
        EXPECT_EQ(outcomes[i].code(), *steps[i].second) << i;
      }
    }
  }
  Recorder recorder;
  ASSERT_TRUE(recorder.Start(t.store.get(), "/a", 0).ok());
  const auto events = recorder.WaitForEvents(4);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[2].type, Event::Type::kDelete);
  EXPECT_EQ(events[2].value, "3");
  EXPECT_EQ(events[2].previous, events[1].revision);
  EXPECT_EQ(events[3].previous, 0);
}

void ConcurrentWritersGetDistinctGaplessRevisions(ConformanceTest& t) {
  constexpr int kThreads = 8;
  constexpr int kEach = 100;
  Recorder recorder;
  ASSERT_TRUE(recorder.Start(t.store.get(), "/", 0).ok());
  std::vector<std::vector<std::pair<Revision, std::string>>> written(kThreads);
  std::vector<std::thread> threads;
  for (int n = 0; n < kThreads; ++n) {
    threads.emplace_back([&t, &mine = written[n], n] {
      for (int i = 0; i < kEach; ++i) {
        const std::string key = "/w" + std::to_string(n) + "/" + std::to_string(i);
        auto r = t->Create(key, key);
        ASSERT_TRUE(r.ok());
        mine.emplace_back(*r, key);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::map<Revision, std::string> by_revision;
  for (const auto& mine : written) {
    Revision last = 0;
    for (const auto& [revision, key] : mine) {
      EXPECT_GT(revision, last);
      last = revision;
      EXPECT_TRUE(by_revision.emplace(revision, key).second) << "revision " << revision << " twice";
    }
  }
  ASSERT_EQ(by_revision.size(), size_t{kThreads * kEach});
  EXPECT_EQ(by_revision.begin()->first, 1);
  EXPECT_EQ(by_revision.rbegin()->first, kThreads * kEach);
  const auto events = recorder.WaitForEvents(kThreads * kEach);
  ASSERT_EQ(events.size(), size_t{kThreads * kEach});
  size_t i = 0;
  for (const auto& [revision, key] : by_revision) {
    EXPECT_EQ(events[i].revision, revision);
    EXPECT_EQ(events[i].key, key);
    ++i;
  }
}

void CompareAndSwapLosesNoIncrement(ConformanceTest& t) {
  constexpr int kThreads = 4;
  constexpr int kEach = 50;
  ASSERT_TRUE(t->Create("/n", "0").ok());
  std::vector<std::thread> threads;
  for (int n = 0; n < kThreads; ++n) {
    threads.emplace_back([&t] {
      for (int i = 0; i < kEach;) {
        const Record record = *t->Get("/n")->record;
        auto r = t->Update("/n", std::to_string(std::stoi(record.value) + 1), record.mod_revision);
        if (r.ok()) {
          ++i;
        } else {
          ASSERT_EQ(r.code(), Code::kConflict);
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(t->Get("/n")->record->value, std::to_string(kThreads * kEach));
}

void AnAcknowledgedWriteIsReadableAtOnce(ConformanceTest& t) {
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&t, n] {
      for (int i = 0; i < 50; ++i) {
        const std::string key = "/" + std::to_string(n) + "/" + std::to_string(i);
        const Revision r = *t->Create(key, "v");
        EXPECT_GE(t->current_revision(), r);
        auto got = t->Get(key);
        ASSERT_TRUE(got.ok() && got->record);
        EXPECT_EQ(got->record->mod_revision, r);
        EXPECT_GE(got->revision, r);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace

ConformanceCases WriteCases() {
  return {
      {"RevisionsGrowWithEveryWrite", RevisionsGrowWithEveryWrite},
      {"CreateOfALiveKeyIsRefused", CreateOfALiveKeyIsRefused},
      {"ADeletedKeyCanBeCreatedAgain", ADeletedKeyCanBeCreatedAgain},
      {"UpdateAndDeleteNeedALiveKey", UpdateAndDeleteNeedALiveKey},
      {"AStaleExpectationConflicts", AStaleExpectationConflicts},
      {"ExpectationZeroTakesAnyLiveVersion", ExpectationZeroTakesAnyLiveVersion},
      {"ARefusedWriteLeavesNoTrace", ARefusedWriteLeavesNoTrace},
      {"TheValueLimitIsExact", TheValueLimitIsExact},
      {"TheKeyLimitIsExact", TheKeyLimitIsExact},
      {"KeysAndValuesAreAnyBytes", KeysAndValuesAreAnyBytes},
      {"QueuedWritesCommitInTheirOrder", QueuedWritesCommitInTheirOrder},
      {"QueuedWritesSeeEachOther", QueuedWritesSeeEachOther},
      {"ConcurrentWritersGetDistinctGaplessRevisions",
       ConcurrentWritersGetDistinctGaplessRevisions},
      {"CompareAndSwapLosesNoIncrement", CompareAndSwapLosesNoIncrement},
      {"AnAcknowledgedWriteIsReadableAtOnce", AnAcknowledgedWriteIsReadableAtOnce},
  };
}

}  // namespace gantry::store
