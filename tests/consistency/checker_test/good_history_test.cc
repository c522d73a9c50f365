#include <gtest/gtest.h>

#include <sstream>

#include "tests/consistency/checker/check.h"
#include "tests/consistency/checker_test/sample_history.h"

namespace gantry::consistency {
namespace {

std::string Write(const History& history) {
  std::string text;
  for (const Operation& op : history.operations) text += OperationLine(op) + "\n";
  int64_t number = 0;
  for (const Watch& watch : history.watches) {
    text += WatchLine(++number, watch) + "\n";
    for (const WatchEvent& event : watch.events) text += EventLine(number, event) + "\n";
    text += WatchEndLine(number, watch) + "\n";
  }
  for (const Nanoseconds death : history.deaths) text += DeathLine(death) + "\n";
  return text;
}

TEST(GoodHistoryTest, HasNoViolations) { EXPECT_EQ(Check(SampleHistory()).Text(), "ok"); }

// What is permitted, though it may look odd.
TEST(GoodHistoryTest, ConcurrencyLeavesAChoice) {
  History h = SampleHistory();
  h.operations[kGetX].begin = 85;  // beside the update, it may see the state before
  h.operations[kGetX].items = {{"a/x", 11, "u1", "1.1", "1.2"}};
  EXPECT_EQ(Check(h).Text(), "ok");
  h.operations[kGetX].begin = 91;
  EXPECT_EQ(Check(h).count(Property::kLinearizable), 1u);
}

TEST(GoodHistoryTest, AWriteWithoutAnswerMayHaveHappenedOrNot) {
  History h = SampleHistory();
  for (Watch& watch : h.watches) {
    std::erase_if(watch.events, [](const WatchEvent& e) { return e.item.revision == 16; });
  }
  h.watches[kWatchAll].complete_to = 15;
  EXPECT_EQ(Check(h).Text(), "ok");
}

TEST(GoodHistoryTest, AWatchMayEndAmongTheObjectsItBeginsWith) {
  History h = SampleHistory();
  Watch& watch = h.watches[kWatchAny];
  watch.events = {{WatchEvent::Type::kAdded, 183, {"a/x", 15, "u2", "1.5", ""}}};
  EXPECT_EQ(Check(h).Text(), "ok");
  watch.events[0].item = {"b/y", 12, "u3", "2.1", ""};
  watch.events.push_back({WatchEvent::Type::kAdded, 183, {"a/x", 13, "u1", "1.3", ""}});
  EXPECT_EQ(Check(h).count(Property::kSnapshot), 1u) << "not in the order of keys";
}

TEST(GoodHistoryTest, ADeletionWithoutAnswerMayHaveHappened) {
  History h = SampleHistory();
  h.operations[kDeleteX].outcome = Outcome::kUnknown;
  h.operations[kDeleteX].uid.clear();
  EXPECT_EQ(Check(h).Text(), "ok");
  h.operations[kDeleteX].expect = 13;
  EXPECT_EQ(Check(h).Text(), "ok");
  h.operations[kDeleteX].expect = 11;
  EXPECT_EQ(Check(h).count(Property::kKnown), 1u);
}

// Two deletions without answer, in two lives of the server; a list in the second one still has the
// object, so it was the later one.
TEST(GoodHistoryTest, AListSaysWhichDeletionHappened) {
  const auto ask = [](int client, Verb verb, const std::string& key, Nanoseconds begin) {
    Operation op;
    op.client = client;
    op.verb = verb;
    op.key = key;
    op.begin = begin;
    return op;
  };
  const Item x = {"a/x", 10, "u1", "1.1", ""};
  Operation create = ask(1, Verb::kCreate, "a/x", 10);
  create.end = 20;
  create.outcome = Outcome::kOk;
  create.write = "1.1";
  create.items = {x};
  Operation list = ask(2, Verb::kList, "", 150);
  list.end = 160;
  list.outcome = Outcome::kOk;
  list.revision = 10;
  list.items = {x};
  Watch watch;
  watch.client = 4;
  watch.at = 10;
  watch.begin = 350;
  watch.end = 500;
  watch.events = {{WatchEvent::Type::kDeleted, 400, {"a/x", 11, "u1", "1.1", ""}}};
  History h;
  h.deaths = {100, 300};
  h.operations = {create, ask(1, Verb::kDelete, "a/x", 50), list,
                  ask(3, Verb::kDelete, "a/x", 200)};
  h.watches = {watch};
  EXPECT_EQ(Check(h).Text(), "ok");
  h.operations.pop_back();
  EXPECT_EQ(Check(h).count(Property::kKnown), 1u) << "the early one came before the list";
}

TEST(GoodHistoryTest, WhatIsOldMayExpire) {
  History h = SampleHistory();
  h.watches[kWatchAGoesOn].events.clear();
  h.watches[kWatchAGoesOn].outcome = Outcome::kExpired;
  CheckOptions options;
  options.resumable_within = 3;
  EXPECT_EQ(Check(h, options).Text(), "ok");
  options.resumable_within = 4;
  EXPECT_EQ(Check(h, options).count(Property::kResumable), 1u);
}

TEST(GoodHistoryTest, ReadsBackAsItWasWritten) {
  const std::string text = Write(SampleHistory());
  std::istringstream in(text);
  const Result<History> history = ReadHistory(in);
  ASSERT_TRUE(history.ok()) << history.error().message;
  EXPECT_EQ(Write(*history), text);
  EXPECT_EQ(Check(*history).Text(), "ok");
}

TEST(GoodHistoryTest, ALineThatDoesNotReadIsNamed) {
  for (const char* line : {"{", "{}", R"({"op":"leap","client":1,"key":"","begin":1})",
                           R"({"event":4,"type":"added","time":1,"item":["",1,"","",""]})"}) {
    std::istringstream in(std::string("{\"death\":1}\n") + line + "\n");
    const Result<History> history = ReadHistory(in);
    ASSERT_FALSE(history.ok()) << line;
    EXPECT_EQ(history.error().message.rfind("line 2: ", 0), 0u) << history.error().message;
  }
}

}  // namespace
}  // namespace gantry::consistency
