#include <gtest/gtest.h>

#include <functional>

#include "tests/consistency/checker/check.h"
#include "tests/consistency/checker_test/sample_history.h"

namespace gantry::consistency {
namespace {

using Type = WatchEvent::Type;

// What a broken server could have shown, and which promise it breaks.
struct BadHistory {
  const char* name;
  Property property;
  std::function<void(History* h)> spoil;
};

void Drop(Watch* watch, size_t event) {
  watch->events.erase(watch->events.begin() + static_cast<long>(event));
}

// Changes what everybody saw of one revision.
void Everywhere(History* h, Revision revision, const std::function<void(Item* item)>& change) {
  for (Operation& op : h->operations) {
    for (Item& item : op.items) {
      if (item.revision == revision) change(&item);
    }
  }
  for (Watch& watch : h->watches) {
    for (WatchEvent& event : watch.events) {
      if (event.item.revision == revision && event.type < Type::kBookmark) change(&event.item);
    }
  }
}

// Nobody ever saw the revision.
void Nowhere(History* h, Revision revision) {
  for (Watch& watch : h->watches) {
    std::erase_if(watch.events, [&](const WatchEvent& event) {
      return event.item.revision == revision && event.type < Type::kBookmark;
    });
  }
}

Operation* Op(History* h, SampleOperation name) { return &h->operations[name]; }
Watch* At(History* h, SampleWatch name) { return &h->watches[name]; }

const std::vector<BadHistory>& BadHistories() {
  static const std::vector<BadHistory> all = {
      {"AValueThatNobodyWrote", Property::kKnown,
       [](History* h) { Everywhere(h, 13, [](Item* item) { item->value = "7.7"; }); }},
      {"AValueOfAnotherKey", Property::kKnown, [](History* h) { Op(h, kCreateY)->key = "b/z"; }},
      {"ADeletionThatNobodyAskedFor", Property::kKnown,
       [](History* h) { Op(h, kDeleteX)->outcome = Outcome::kRefused; }},
      {"ADeletionThatADeadServerMade", Property::kKnown,
       [](History* h) {
         Op(h, kDeleteX)->outcome = Outcome::kUnknown;
         Op(h, kDeleteX)->uid.clear();
         Op(h, kDeleteX)->begin = 22;
         h->deaths = {25, 300};
       }},
      {"AnAcknowledgedDeletionThatIsGone", Property::kOnce, [](History* h) { Nowhere(h, 14); }},
      {"ARefusedWriteThatHappened", Property::kOnce,
       [](History* h) { Op(h, kLostPatch)->outcome = Outcome::kRefused; }},
      {"OneWriteTwice", Property::kOnce,
       [](History* h) {
         Everywhere(h, 16, [](Item* item) {
           item->value = "2.1";
           item->patch = "";
         });
       }},
      {"AnAnswerWithAnotherRevision", Property::kOnce,
       [](History* h) { Op(h, kPatchX)->items[0].revision = 8; }},
      {"OneObjectDeletedTwice", Property::kOnce,
       [](History* h) {
         Operation again = *Op(h, kDeleteX);
         again.client = 8;
         h->operations.push_back(again);
       }},
      {"ACreateOverAnObject", Property::kSequential, [](History* h) { Nowhere(h, 14); }},
      {"APreconditionThatDidNotHold", Property::kSequential,
       [](History* h) { Op(h, kUpdateX)->expect = 10; }},
      {"APatchOntoALostState", Property::kSequential,
       [](History* h) { Everywhere(h, 11, [](Item* item) { item->value = "1.3"; }); }},
      {"AUidThatChanges", Property::kSequential,
       [](History* h) { Everywhere(h, 13, [](Item* item) { item->uid = "u9"; }); }},
      {"AUidThatComesBack", Property::kSequential,
       [](History* h) { Everywhere(h, 15, [](Item* item) { item->uid = "u1"; }); }},
      {"ADeletionWithAnOlderState", Property::kSequential,
       [](History* h) { Everywhere(h, 14, [](Item* item) { item->value = "1.1"; }); }},
      {"AnUpdateOfNothing", Property::kSequential,
       [](History* h) {
         Op(h, kCreateY)->verb = Verb::kUpdate;
         Op(h, kCreateY)->outcome = Outcome::kOk;
       }},
      {"AStaleGet", Property::kLinearizable,
       [](History* h) {
         Op(h, kGetX)->items = {{"a/x", 11, "u1", "1.1", "1.2"}};
       }},
      {"AGetOfWhatIsGone", Property::kLinearizable,
       [](History* h) {
         *Op(h, kGetGone) = *Op(h, kGetX);
         Op(h, kGetGone)->begin = 150;
         Op(h, kGetGone)->end = 160;
       }},
      {"AGetThatMissesAnObject", Property::kLinearizable,
       [](History* h) {
         Op(h, kGetX)->outcome = Outcome::kNotFound;
         Op(h, kGetX)->items.clear();
       }},
      {"AGetOfTheFuture", Property::kLinearizable,
       [](History* h) {
         Op(h, kGetX)->items = {{"a/x", 15, "u2", "1.5", ""}};
       }},
      {"ATakenNameThatIsFree", Property::kLinearizable,
       [](History* h) {
         Op(h, kCreateXAgain)->begin = 150;
         Op(h, kCreateXAgain)->end = 160;
       }},
      {"AConflictWithWhatIsThere", Property::kLinearizable,
       [](History* h) { Op(h, kUpdateStale)->expect = 13; }},
      {"WritesInTheWrongOrder", Property::kLinearizable,
       [](History* h) {
         Op(h, kPatchX)->begin = 1;
         Op(h, kPatchX)->end = 5;
       }},
      {"AWriteWithoutAnswerAfterTheServerDied", Property::kLinearizable,
       [](History* h) {
         h->deaths = {245};
         Operation op = *Op(h, kGetAny);  // it still had the old state
         op.client = 9;
         op.reading = Reading::kNewest;
         op.begin = 250;
         op.end = 255;
         h->operations.push_back(op);
         At(h, kWatchAll)->events[6].time = 500;
         At(h, kWatchAll)->events[7].time = 501;
         At(h, kWatchStream)->events.pop_back();
         At(h, kWatchAny)->events.pop_back();
       }},
      {"AStaleList", Property::kLinearizable,
       [](History* h) {
         Op(h, kListAll)->revision = 12;
         Op(h, kListAll)->items[0] = {"a/x", 11, "u1", "1.1", "1.2"};
       }},
      {"AStaleStreamingList", Property::kLinearizable,
       [](History* h) {
         for (WatchEvent& event : At(h, kWatchStream)->events) event.time += 200;
         At(h, kWatchStream)->begin = 200;
       }},
      {"AnEventThatALaterListDoesNotKnow", Property::kLinearizable,
       [](History* h) {
         At(h, kWatchAll)->events[4].time = 112;
         Op(h, kDeleteX)->begin = 97;
       }},
      {"AListWithoutAnObject", Property::kSnapshot,
       [](History* h) { Op(h, kListAll)->items.pop_back(); }},
      {"AListOfTwoRevisions", Property::kSnapshot,
       [](History* h) {
         Op(h, kListAll)->items[0] = {"a/x", 11, "u1", "1.1", "1.2"};
       }},
      {"AListInTheWrongOrder", Property::kSnapshot,
       [](History* h) { std::swap(Op(h, kListAll)->items[0], Op(h, kListAll)->items[1]); }},
      {"AnExactListAtAnotherRevision", Property::kSnapshot,
       [](History* h) { Op(h, kListExact)->at = 12; }},
      {"PagesOfTwoRevisions", Property::kSnapshot,
       [](History* h) { Op(h, kPagesAll)->pages[1].revision = 16; }},
      {"AWrongNumberOfRemainingItems", Property::kSnapshot,
       [](History* h) { Op(h, kPagesAll)->pages[0].remaining = 2; }},
      {"ARecentPageThatExpired", Property::kSnapshot,
       [](History* h) { Op(h, kPagesAll)->outcome = Outcome::kExpired; }},
      {"AStreamingListWithoutAnObject", Property::kSnapshot,
       [](History* h) { Drop(At(h, kWatchStream), 0); }},
      {"AWatchFromZeroWithAGoneObject", Property::kSnapshot,
       [](History* h) {
         auto& events = At(h, kWatchAny)->events;
         events.insert(events.begin(), {Type::kAdded, 146, {"a/x", 13, "u1", "1.3", ""}});
       }},
      {"AnAnswerFromAnyStateThatGoesBack", Property::kMonotonic,
       [](History* h) {
         *Op(h, kGetAny) = *Op(h, kGetX);
         Op(h, kGetAny)->reading = Reading::kAny;
         Op(h, kGetAny)->begin = 230;
         Op(h, kGetAny)->end = 235;
       }},
      {"AGetOlderThanDemanded", Property::kMonotonic,
       [](History* h) {
         Op(h, kGetAny)->reading = Reading::kNotOlder;
         Op(h, kGetAny)->at = 16;
       }},
      {"AListOlderThanDemanded", Property::kMonotonic,
       [](History* h) {
         Op(h, kListAll)->reading = Reading::kNotOlder;
         Op(h, kListAll)->at = 14;
       }},
      {"ASeenRevisionInTheFutureOfAGet", Property::kMonotonic,
       [](History* h) { Op(h, kGetAny)->outcome = Outcome::kFuture; }},
      {"EventsInTheWrongOrder", Property::kOrdered,
       [](History* h) { std::swap(At(h, kWatchAll)->events[2], At(h, kWatchAll)->events[3]); }},
      {"AnEventTwice", Property::kUnique,
       [](History* h) {
         auto& events = At(h, kWatchAll)->events;
         events.insert(events.begin() + 3, events[2]);
       }},
      {"TwoWatchesThatDiffer", Property::kAtomic,
       [](History* h) { At(h, kWatchA)->events[1].item.patch = ""; }},
      {"TwoEventsOfOneRevision", Property::kAtomic,
       [](History* h) { At(h, kWatchAll)->events[2].item.revision = 11; }},
      {"AnAddedThatWasThere", Property::kAtomic,
       [](History* h) { At(h, kWatchAll)->events[3].type = Type::kAdded; }},
      {"AnEventOfAnotherNamespace", Property::kAtomic,
       [](History* h) {
         auto& events = At(h, kWatchA)->events;
         events.insert(events.begin() + 2, {Type::kAdded, 51, {"b/y", 12, "u3", "2.1", ""}});
       }},
      {"AGap", Property::kReliable, [](History* h) { Drop(At(h, kWatchAll), 3); }},
      {"AnEndThatDoesNotCome", Property::kReliable,
       [](History* h) { At(h, kWatchAll)->events.resize(6); }},
      {"AGapAfterAStreamingList", Property::kReliable,
       [](History* h) { Drop(At(h, kWatchStream), 3); }},
      {"AnAcknowledgedWriteThatNoWatchSaw", Property::kReliable,
       [](History* h) { Nowhere(h, 12); }},
      {"AResumptionThatSkips", Property::kResumable,
       [](History* h) { Drop(At(h, kWatchAGoesOn), 0); }},
      {"AResumptionThatExpiresTooEarly", Property::kResumable,
       [](History* h) {
         At(h, kWatchAGoesOn)->events.clear();
         At(h, kWatchAGoesOn)->outcome = Outcome::kExpired;
       }},
      {"AResumptionFromTheFuture", Property::kResumable,
       [](History* h) { At(h, kWatchAGoesOn)->outcome = Outcome::kFuture; }},
      {"ABookmarkBeforeItsEvents", Property::kBookmarkable,
       [](History* h) { std::swap(At(h, kWatchAll)->events[6], At(h, kWatchAll)->events[7]); }},
      {"ABookmarkThatPromisesTooMuch", Property::kBookmarkable,
       [](History* h) { At(h, kWatchA)->events[2].item.revision = 13; }},
      {"ABookmarkThatGoesBack", Property::kBookmarkable,
       [](History* h) { At(h, kWatchA)->events[2].item.revision = 10; }},
  };
  return all;
}

class BadHistoryTest : public testing::TestWithParam<BadHistory> {};

TEST_P(BadHistoryTest, IsFound) {
  History history = SampleHistory();
  GetParam().spoil(&history);
  const Report report = Check(history);
  EXPECT_GT(report.count(GetParam().property), 0u) << report.Text();
  for (const Violation& violation : report.violations()) {
    EXPECT_FALSE(violation.evidence.empty()) << violation.what;
  }
}

INSTANTIATE_TEST_SUITE_P(Checker, BadHistoryTest, testing::ValuesIn(BadHistories()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace gantry::consistency
