#include "apiserver/storage/cache.h"

#include <gtest/gtest.h>

#include <thread>

#include "apiserver/storage/watch_stream.h"

namespace gantry::apiserver {
namespace {

class PlainFormat : public ObjectFormat {
 public:
  void Append(const Entry& entry, bool, std::string* out) const override { *out += *entry.Wire(); }
  void AppendOnce(const Entry& entry, bool, std::string* out) const override {
    entry.AppendWire(out);
  }
  void AppendBookmark(store::Revision revision, bool initial_end, std::string* out) const override {
    *out += std::to_string(revision) + (initial_end ? " end" : "");
  }
};

class CacheTest : public ::testing::Test {
 protected:
  std::atomic<store::Revision> applied_{0};
  ResourceCache cache_{&applied_, RingLimits{4, 1 << 20}};
  Timer timer_{Clock::Real()};
  store::Revision revision_ = 0;

  EntryPtr Make(const std::string& key, store::Revision revision) {
    const Json object = {{"metadata", {{"name", key}}}};
    return *Entry::Make(key, EncodeRecord(object, {}), revision, nullptr);
  }
  void Put(const std::string& key) {
    cache_.ApplyPut(Make(key, ++revision_));
    applied_ = revision_;
    cache_.Notify();
  }
  std::unique_ptr<WatchStream> Watch(store::Revision after, const std::string& prefix = "") {
    WatchStream::Options options;
    options.filter.prefix = prefix;
    options.timeout = std::chrono::hours(1);
    options.format = std::make_shared<PlainFormat>();
    auto stream = WatchStream::After(&cache_, &timer_, after, std::move(options));
    EXPECT_TRUE(stream.ok());
    return *std::move(stream);
  }
  // The events that are there now.
  std::vector<std::string> Drain(WatchStream* stream) {
    std::string text;
    while (stream->Pull(&text, 1 << 16) == BodyStream::State::kMore) {
    }
    std::vector<std::string> lines;
    for (size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
      lines.push_back(text.substr(0, end));
    }
    return lines;
  }
};

TEST_F(CacheTest, ThePastIsThereWhileTheRingReachesIt) {
  for (int i = 0; i < 6; ++i) Put("k" + std::to_string(i));
  EXPECT_FALSE(cache_.At(1).has_value());
  for (store::Revision r = 2; r <= 6; ++r) {
    ASSERT_TRUE(cache_.At(r).has_value()) << r;
    EXPECT_EQ(cache_.At(r)->size(), static_cast<size_t>(r));
  }
  EXPECT_FALSE(cache_.At(7).has_value());
  EXPECT_EQ(cache_.AttachAfter(1).code(), Code::kExpired);
  EXPECT_TRUE(cache_.AttachAfter(2).ok());
}

TEST_F(CacheTest, AWatcherThatIsTooSlowGets410) {
  Put("a");
  const auto stream = Watch(1);
  for (int i = 0; i < 5; ++i) Put("b");
  const std::vector<std::string> lines = Drain(stream.get());
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("\"type\":\"ERROR\""), std::string::npos);
  EXPECT_NE(lines[0].find("\"reason\":\"Expired\""), std::string::npos);
}

TEST_F(CacheTest, AWatchOfTheFutureSkipsWhatComesBefore) {
  Put("a");
  const auto stream = Watch(3);
  for (int i = 0; i < 3; ++i) Put("b");
  EXPECT_EQ(Drain(stream.get()).size(), 1u);
}

TEST_F(CacheTest, WakesOnlyForItsOwnKeysAndBeforeItFallsOff) {
  Put("a/x");
  const auto stream = Watch(1, "a/");
  Drain(stream.get());
  int woken = 0;
  stream->OnReady([&woken] { ++woken; });
  Put("b/x");
  EXPECT_EQ(woken, 0);
  Put("a/x");
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(Drain(stream.get()).size(), 1u);
  stream->OnReady([&woken] { ++woken; });
  stream->OnReady(nullptr);
  Put("a/x");
  EXPECT_EQ(woken, 1);
  stream->OnReady([&woken] { ++woken; });
  EXPECT_EQ(woken, 2) << "there is an event already";
}

// Without bookmarks an idle watch falls out of the window, and its client lists everything anew.
TEST_F(CacheTest, AnIdleWatchIsToldTheRevisionEachMinuteAndAtItsEnd) {
  FakeClock clock{WallTime()};
  Timer timer(&clock);
  Put("a/x");
  WatchStream::Options options;
  options.filter.prefix = "a/";
  options.bookmarks = true;
  options.timeout = std::chrono::seconds(150);
  options.format = std::make_shared<PlainFormat>();
  const auto stream = *WatchStream::After(&cache_, &timer, 1, std::move(options));
  EXPECT_TRUE(Drain(stream.get()).empty());
  Put("b/x");  // not this watch's, but its revision is news
  EXPECT_TRUE(Drain(stream.get()).empty());
  clock.Advance(std::chrono::seconds(61));
  EXPECT_EQ(Drain(stream.get()), std::vector<std::string>{R"({"type":"BOOKMARK","object":2})"});
  EXPECT_TRUE(Drain(stream.get()).empty());
  clock.Advance(std::chrono::seconds(60));
  EXPECT_EQ(Drain(stream.get()).size(), 1u);
  clock.Advance(std::chrono::seconds(30));
  EXPECT_EQ(Drain(stream.get()).size(), 1u) << "the last word of a watch that timed out";
  std::string out;
  EXPECT_EQ(stream->Pull(&out, 100), BodyStream::State::kEnd);
}

// A batch of the store changes several resources one after the other; a reader of two must not see
// the first one changed and the second one not yet.
TEST_F(CacheTest, WhatIsNotPublishedIsNotSeen) {
  Put("a");
  const auto stream = Watch(1);
  Drain(stream.get());
  bool woken = false;
  stream->OnReady([&woken] { woken = true; });
  cache_.ApplyPut(Make("b", 2));
  EXPECT_EQ(cache_.Current().revision, 1);
  EXPECT_EQ(cache_.Current().tree.size(), 1u);
  EXPECT_FALSE(cache_.At(2).has_value());
  EXPECT_EQ(cache_.Attach().cursor, 1u);
  EXPECT_TRUE(Drain(stream.get()).empty());
  stream->OnReady([&woken] { woken = true; });
  EXPECT_FALSE(woken);
  applied_ = 2;
  cache_.Notify();
  EXPECT_TRUE(woken);
  EXPECT_EQ(cache_.Current().revision, 2);
  EXPECT_EQ(cache_.Current().tree.size(), 2u);
  EXPECT_EQ(Drain(stream.get()).size(), 1u);
}

// The feeder publishes while readers look: what they see belongs to one revision all the same. A
// reader that took the state before and the revision after would tell a client that it has seen
// what it has not.
TEST_F(CacheTest, StateAndRevisionAreOfOneMomentWhileTheFeederPublishes) {
  constexpr store::Revision kEvents = 20000;
  ResourceCache cache(&applied_, RingLimits{kEvents, 1 << 30});
  std::jthread feeder([&] {
    for (store::Revision r = 1; r <= kEvents; ++r) {
      cache.ApplyPut(Make("a", r));
      applied_ = r;
    }
  });
  const auto newest = [](const Tree& tree) {
    const EntryPtr entry = tree.Find("a");
    return entry ? entry->revision() : 0;
  };
  store::Revision read_up_to = 0;
  size_t cursor = 0;
  while (read_up_to < kEvents) {
    const Snapshot now = cache.Current();
    ASSERT_EQ(newest(now.tree), now.revision);
    const ResourceCache::Attached at = cache.Attach();
    ASSERT_EQ(newest(at.snapshot.tree), at.snapshot.revision);
    ASSERT_EQ(at.cursor, static_cast<size_t>(at.snapshot.revision));
    const ResourceCache::Read read = cache.ReadFrom(cursor, 0, kEvents);
    cursor += read.events.size();
    ASSERT_EQ(cursor, static_cast<size_t>(read.revision));
    read_up_to = read.revision;
  }
}

TEST_F(CacheTest, RebuildEndsWatches) {
  Put("a");
  const auto stream = Watch(1);
  Drain(stream.get());
  bool woken = false;
  stream->OnReady([&woken] { woken = true; });
  cache_.Rebuild({Make("a", 1)});
  cache_.Notify();
  EXPECT_TRUE(woken);
  std::string out;
  EXPECT_EQ(stream->Pull(&out, 100), BodyStream::State::kEnd);
}

TEST_F(CacheTest, ClosingKeepsWhatIsStored) {
  Put("a");
  const auto stream = Watch(1);
  cache_.CloseWatches();
  std::string out;
  EXPECT_EQ(stream->Pull(&out, 100), BodyStream::State::kEnd);
  EXPECT_NE(cache_.Get("a"), nullptr) << "an empty list would look as if all had been deleted";
}

}  // namespace
}  // namespace gantry::apiserver
