#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "store/conformance/conformance.h"
#include "store/conformance/recorder.h"

namespace gantry::store {
namespace {

void Reopen(ConformanceTest& t) {
  t.store.reset();
  auto opened = t.backend->reopen();
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  t.store = *std::move(opened);
}

void EverythingSurvivesClosing(ConformanceTest& t) {
  const Revision a = *t->Create("/a", "1");
  const Revision b = *t->Update("/a", "2", a);
  const Revision c = *t->Create("/b", "1");
  const Revision d = *t->Delete("/b", c);
  Reopen(t);
  EXPECT_EQ(t->current_revision(), d);
  EXPECT_EQ(t->horizon(), 0);
  EXPECT_EQ(t->Get("/a")->record->mod_revision, b);
  EXPECT_EQ(t->Get("/a", a)->record->value, "1");
  EXPECT_FALSE(t->Get("/b")->record.has_value());
  EXPECT_EQ(t->Create("/a", "3").code(), Code::kAlreadyExists);
  EXPECT_EQ(*t->Create("/b", "2"), d + 1);
  Recorder recorder;
  ASSERT_TRUE(recorder.Start(t.store.get(), "", a).ok());
  const auto events = recorder.WaitForEvents(4);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[2].type, Event::Type::kDelete);
  EXPECT_EQ(events[3].revision, d + 1);
}

void HorizonAndRevisionSurviveCompactionOfEverything(ConformanceTest& t) {
  ASSERT_TRUE(t->Create("/a", "1").ok());
  const Revision last = *t->Delete("/a", 0);
  ASSERT_TRUE(t->Compact(last).ok());
  Reopen(t);
  EXPECT_EQ(t->current_revision(), last);
  EXPECT_EQ(t->horizon(), last);
  EXPECT_EQ(t->Get("/a", last - 1).code(), Code::kExpired);
  EXPECT_EQ(*t->Create("/a", "2"), last + 1);
}

void WritesQueuedAtClosingAreAnswered(ConformanceTest& t) {
  constexpr int kWrites = 200;
  std::atomic<int> ok{0};
  std::atomic<int> calls{0};
  for (int i = 0; i < kWrites; ++i) {
    t->Write({WriteOp::Kind::kCreate, "/" + std::to_string(i), "v", 0}, [&](Result<Revision> r) {
      ++calls;
      if (r.ok()) ++ok;
    });
  }
  t.store.reset();
  EXPECT_EQ(calls, kWrites);
  if (!t.backend->reopen) return;
  Reopen(t);
  EXPECT_EQ(t->List("/", {})->records.size(), static_cast<size_t>(ok));
}

void ABackupMadeDuringWritesIsAState(ConformanceTest& t) {
  std::atomic<bool> stop{false};
  std::atomic<int> written{0};
  std::vector<std::thread> writers;
  for (int n = 0; n < 3; ++n) {
    writers.emplace_back([&, n] {
      for (int i = 0; !stop; ++i) {
        const std::string key = "/" + std::to_string(n) + "/" + std::to_string(i);
        ASSERT_TRUE(t->Create(key, std::string(500, 'v')).ok());
        if (i % 4 == 3) {
          ASSERT_TRUE(t->Delete(key, 0).ok());
        }
        ++written;
      }
    });
  }
  while (written < 100) std::this_thread::yield();
  const Revision before = t->current_revision();
  const std::string path = t.backend->new_backup_path();
  const Status made = t->Backup(path);
  const Revision after = t->current_revision();
  stop = true;
  for (auto& writer : writers) writer.join();
  ASSERT_TRUE(made.ok()) << made.error().message;

  auto opened = t.backend->open_backup(path);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  Store* const copy = opened->get();
  const Revision at = copy->current_revision();
  EXPECT_GE(at, before);
  EXPECT_LE(at, after + 3);
  ListOptions options;
  options.at = at;
  const auto want = t->List("", options);
  const auto got = copy->List("", {});
  ASSERT_TRUE(want.ok() && got.ok());
  ASSERT_EQ(got->records.size(), want->records.size());
  for (size_t i = 0; i < got->records.size(); ++i) {
    EXPECT_EQ(got->records[i].key, want->records[i].key);
    EXPECT_EQ(got->records[i].mod_revision, want->records[i].mod_revision);
    EXPECT_EQ(got->records[i].value, want->records[i].value);
  }
  Recorder recorder;
  ASSERT_TRUE(recorder.Start(copy, "", 0).ok());
  EXPECT_EQ(recorder.WaitForEvents(at).size(), static_cast<size_t>(at));
}

void ABackupOverwritesNothing(ConformanceTest& t) {
  ASSERT_TRUE(t->Create("/a", "1").ok());
  const std::string path = t.backend->new_backup_path();
  ASSERT_TRUE(t->Backup(path).ok());
  EXPECT_EQ(t->Backup(path).code(), Code::kAlreadyExists);
}

void AHealthyStoreSaysSo(ConformanceTest& t) {
  EXPECT_TRUE(t->Health().ok());
  ASSERT_TRUE(t->Create("/a", "1").ok());
  EXPECT_FALSE(t->Create("/a", "1").ok());
  EXPECT_TRUE(t->Health().ok()) << "a refused write is no illness";
}

}  // namespace

ConformanceCases DurabilityCases() {
  using Needs = ConformanceCase::Needs;
  return {
      {"EverythingSurvivesClosing", EverythingSurvivesClosing, Needs::kReopen},
      {"HorizonAndRevisionSurviveCompactionOfEverything",
       HorizonAndRevisionSurviveCompactionOfEverything, Needs::kReopen},
      {"WritesQueuedAtClosingAreAnswered", WritesQueuedAtClosingAreAnswered},
      {"ABackupMadeDuringWritesIsAState", ABackupMadeDuringWritesIsAState, Needs::kBackup},
      {"ABackupOverwritesNothing", ABackupOverwritesNothing, Needs::kBackup},
      {"AHealthyStoreSaysSo", AHealthyStoreSaysSo},
  };
}

}  // namespace gantry::store
