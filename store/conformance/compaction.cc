#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "store/conformance/conformance.h"
#include "store/conformance/recorder.h"

namespace gantry::store {
namespace {

ListOptions At(Revision revision) {
  ListOptions options;
  options.at = revision;
  return options;
}

void ReadsBelowTheHorizonExpire(ConformanceTest& t) {
  const Revision a = *t->Create("/a", "1");
  const Revision b = *t->Update("/a", "2", a);
  const Revision c = *t->Update("/a", "3", b);
  EXPECT_EQ(t->horizon(), 0);
  ASSERT_TRUE(t->Compact(b).ok());
  EXPECT_EQ(t->horizon(), b);
  EXPECT_EQ(t->Get("/a", a).code(), Code::kExpired);
  EXPECT_EQ(t->List("/", At(a)).code(), Code::kExpired);
  EXPECT_EQ(t->Get("/a", b)->record->value, "2");
  EXPECT_EQ(t->Get("/a", c)->record->value, "3");
  EXPECT_EQ(t->List("/", At(b))->records[0].value, "2");
}

void WatchesFromBelowTheHorizonExpire(ConformanceTest& t) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(t->Create("/" + std::to_string(i), "v").ok());
  ASSERT_TRUE(t->Compact(3).ok());
  Recorder recorder;
  EXPECT_EQ(recorder.Start(t.store.get(), "", 2).code(), Code::kExpired);
  ASSERT_TRUE(recorder.Start(t.store.get(), "", 3).ok());
  const auto events = recorder.WaitForEvents(2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].revision, 4);
}

void ADeleteEventAboveTheHorizonKeepsItsValue(ConformanceTest& t) {
  const Revision a = *t->Create("/a", "last words");
  const Revision b = *t->Create("/b", "v");
  ASSERT_TRUE(t->Delete("/a", a).ok());
  ASSERT_TRUE(t->Compact(b).ok());
  Recorder recorder;
  ASSERT_TRUE(recorder.Start(t.store.get(), "", b).ok());
  const auto events = recorder.WaitForEvents(1);
  EXPECT_EQ(events[0].type, Event::Type::kDelete);
  EXPECT_EQ(events[0].value, "last words");
  EXPECT_EQ(events[0].previous, a);
}

void TheHorizonNeverGoesBackNorAhead(ConformanceTest& t) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(t->Create("/" + std::to_string(i), "v").ok());
  ASSERT_TRUE(t->Compact(3).ok());
  EXPECT_TRUE(t->Compact(2).ok());
  EXPECT_TRUE(t->Compact(3).ok());
  EXPECT_EQ(t->horizon(), 3);
  EXPECT_EQ(t->Compact(6).code(), Code::kInvalid);
  EXPECT_EQ(t->horizon(), 3);
}

void CompactingEverythingKeepsLiveKeysAndTheRevision(ConformanceTest& t) {
  ASSERT_TRUE(t->Create("/live", "1").ok());
  ASSERT_TRUE(t->Update("/live", "2", 0).ok());
  ASSERT_TRUE(t->Create("/dead", "1").ok());
  const Revision last = *t->Delete("/dead", 0);
  ASSERT_TRUE(t->Compact(last).ok());
  EXPECT_EQ(t->current_revision(), last);
  EXPECT_EQ(t->Get("/live")->record->value, "2");
  EXPECT_EQ(t->Get("/live")->record->mod_revision, 2);
  EXPECT_FALSE(t->Get("/dead")->record.has_value());
  EXPECT_EQ(*t->Create("/dead", "3"), last + 1);
  EXPECT_EQ(*t->Update("/live", "3", 2), last + 2);
}

void WhatIsReadableAfterCompactionIsUnchanged(ConformanceTest& t) {
  std::map<std::string, std::string> model;
  std::vector<std::map<std::string, std::string>> at(1);
  uint32_t seed = 777;
  auto next = [&seed] { return (seed = seed * 1664525 + 1013904223) >> 8; };
  for (Revision horizon : {0, 10, 11, 60, 120, 180}) {
    while (at.size() <= static_cast<size_t>(horizon) + 20) {
      const std::string key = "/k" + std::to_string(next() % 8);
      const std::string value = std::to_string(next());
      if (!model.contains(key)) {
        ASSERT_TRUE(t->Create(key, value).ok());
        model[key] = value;
      } else if (next() % 2 == 0) {
        ASSERT_TRUE(t->Delete(key, 0).ok());
        model.erase(key);
      } else {
        ASSERT_TRUE(t->Update(key, value, 0).ok());
        model[key] = value;
      }
      at.push_back(model);
    }
    ASSERT_TRUE(t->Compact(horizon).ok());
    for (auto revision = std::max<Revision>(horizon, 1);
         revision < static_cast<Revision>(at.size()); ++revision) {
      std::map<std::string, std::string> got;
      const auto list = t->List("/", At(revision));
      ASSERT_TRUE(list.ok()) << list.error().message;
      for (const Record& r : list->records) got[r.key] = r.value;
      ASSERT_EQ(got, at[revision]) << "revision " << revision << " after compaction to " << horizon;
    }
  }
}

void ReadersDuringCompactionSeeAllOrExpired(ConformanceTest& t) {
  constexpr int kKeys = 20;
  for (int i = 0; i < kKeys; ++i) ASSERT_TRUE(t->Create("/" + std::to_string(i), "0").ok());
  std::atomic<bool> stop{false};
  std::atomic<int> reads{0};
  std::vector<std::thread> readers;
  for (int n = 0; n < 2; ++n) {
    readers.emplace_back([&] {
      while (!stop) {
        const Revision at = t->horizon();
        const auto list = at == 0 ? t->List("/", {}) : t->List("/", At(at));
        if (!list.ok()) {
          ASSERT_EQ(list.code(), Code::kExpired);
        } else {
          ASSERT_EQ(list->records.size(), size_t{kKeys}) << "at " << list->revision;
        }
        const auto newest = t->List("/", {});
        ASSERT_TRUE(newest.ok()) << newest.error().message;
        ASSERT_EQ(newest->records.size(), size_t{kKeys});
        ++reads;
      }
    });
  }
  for (int round = 0; round < 60 || reads < 20; ++round) {
    ASSERT_TRUE(t->Update("/" + std::to_string(round % kKeys), "1", 0).ok());
    ASSERT_TRUE(t->Update("/" + std::to_string(round * 7 % kKeys), "2", 0).ok());
    ASSERT_TRUE(t->Compact(t->current_revision() - round % 3).ok());
  }
  stop = true;
  for (auto& reader : readers) reader.join();
}

}  // namespace

ConformanceCases CompactCases() {
  return {
      {"ReadsBelowTheHorizonExpire", ReadsBelowTheHorizonExpire},
      {"WatchesFromBelowTheHorizonExpire", WatchesFromBelowTheHorizonExpire},
      {"ADeleteEventAboveTheHorizonKeepsItsValue", ADeleteEventAboveTheHorizonKeepsItsValue},
      {"TheHorizonNeverGoesBackNorAhead", TheHorizonNeverGoesBackNorAhead},
      {"CompactingEverythingKeepsLiveKeysAndTheRevision",
       CompactingEverythingKeepsLiveKeysAndTheRevision},
      {"WhatIsReadableAfterCompactionIsUnchanged", WhatIsReadableAfterCompactionIsUnchanged},
      {"ReadersDuringCompactionSeeAllOrExpired", ReadersDuringCompactionSeeAllOrExpired},
  };
}

}  // namespace gantry::store
