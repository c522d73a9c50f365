#include "tests/consistency/checker/watches.h"

#include <fmt/format.h>

#include <algorithm>

namespace gantry::consistency {
namespace {

constexpr size_t kShownMissing = 5;
using Type = WatchEvent::Type;

std::vector<Item> ItemsOf(const Watch& watch, size_t count) {
  std::vector<Item> items;
  for (size_t i = 0; i < count; ++i) items.push_back(watch.events[i].item);
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.key < b.key; });
  return items;
}

class WatchChecker {
 public:
  WatchChecker(const Watch& watch, const Log& log, const Progress& progress,
               Revision resumable_within, Report* report)
      : watch_(watch),
        log_(log),
        scope_(log.scope(watch.scope)),
        progress_(progress),
        resumable_within_(resumable_within),
        report_(report) {}

  void Run() {
    size_t first = 0;
    if (watch_.from == Watch::From::kRevision) {
      last_ = watch_.at;
      resumed_ = true;
    } else if (watch_.from == Watch::From::kStream) {
      first = CheckMarkedStart();
    } else {
      first = CheckUnmarkedStart();
    }
    if (last_ < 0) return;  // where it began is not known, and nothing came
    next_ = FirstAfter(last_);
    for (size_t i = first; i < watch_.events.size(); ++i) {
      const WatchEvent& event = watch_.events[i];
      if (event.type < Type::kBookmark) {
        CheckEvent(event);
      } else {
        CheckBookmark(event);
      }
    }
    CheckEnd();
  }

 private:
  // The index in scope_ of the first write after a revision.
  size_t FirstAfter(Revision revision) const {
    const auto it = std::partition_point(
        scope_.begin(), scope_.end(),
        [revision](const Entry* entry) { return entry->item.revision <= revision; });
    return static_cast<size_t>(it - scope_.begin());
  }

  size_t CheckMarkedStart() {
    const auto mark = std::find_if(watch_.events.begin(), watch_.events.end(),
                                   [](const auto& e) { return e.type == Type::kInitialEnd; });
    last_ = -1;
    if (mark == watch_.events.end()) return 0;
    const size_t count = static_cast<size_t>(mark - watch_.events.begin());
    last_ = mark->item.revision;
    CompareStart(count, last_);
    return count + 1;
  }

  // Objects first, then events, with nothing between them to tell. What is live comes by revision,
  // above all objects, so only the places from which on that is so can be the end of the objects;
  // and the state just before the first live event must be those objects.
  size_t CheckUnmarkedStart() {
    const std::vector<WatchEvent>& events = watch_.events;
    size_t most = 0;
    while (most < events.size() && events[most].type == Type::kAdded &&
           (most == 0 || events[most - 1].item.key < events[most].item.key)) {
      ++most;
    }
    std::vector<Revision> highest(events.size() + 1, 0);
    for (size_t i = 0; i < events.size(); ++i) {
      highest[i + 1] = std::max(highest[i], events[i].item.revision);
    }
    size_t least = events.size();
    while (least > 0 && events[least - 1].item.revision == highest[least]) --least;
    last_ = -1;
    for (size_t count = most + 1; count-- > std::min(least, most);) {
      if (StartsWith(count, highest[count])) return count;
    }
    std::vector<std::string> lines = {Show(watch_)};
    for (std::string& line :
         Difference(ItemsOf(watch_, most), log_.StateAt(watch_.scope, highest[most]))) {
      lines.push_back(std::move(line));
    }
    report_->Add(Property::kSnapshot, "a watch does not begin with the state at any revision",
                 std::move(lines));
    return events.size();
  }

  // Whether the first `count` events can be the objects at the start; sets last_ when so.
  bool StartsWith(size_t count, Revision highest) {
    const std::vector<Item> items = ItemsOf(watch_, count);
    const bool all = count == watch_.events.size();
    if (all && watch_.complete_to == 0) {
      if (!WasOnce(items, highest)) return false;
      last_ = highest;
      return true;
    }
    Revision at = watch_.complete_to;
    if (!all) {
      const WatchEvent& next = watch_.events[count];
      at = next.type < Type::kBookmark ? next.item.revision - 1 : next.item.revision;
    }
    if (items != log_.StateAt(watch_.scope, at)) return false;
    last_ = at;
    return true;
  }

  // Whether the objects were the state at `from` or at some time after it; or the beginning of it,
  // as the watch may have ended in the middle.
  bool WasOnce(const std::vector<Item>& items, Revision from) const {
    const auto begins = [&items](const std::vector<Item>& state) {
      return state.size() >= items.size() && std::equal(items.begin(), items.end(), state.begin());
    };
    const Revision until = std::max(from, progress_.NewestAt(watch_.end));
    for (size_t i = FirstAfter(from); from <= until; ++i) {
      if (begins(log_.StateAt(watch_.scope, from))) return true;
      if (i >= scope_.size()) return false;
      from = scope_[i]->item.revision;
    }
    return false;
  }

  void CompareStart(size_t count, Revision revision) {
    const std::vector<Item> got = ItemsOf(watch_, count);
    const std::vector<Item> want = log_.StateAt(watch_.scope, revision);
    const bool added =
        std::all_of(watch_.events.begin(), watch_.events.begin() + static_cast<long>(count),
                    [](const auto& e) { return e.type == Type::kAdded; });
    if (got == want && added) return;
    std::vector<std::string> lines = Difference(got, want);
    lines.insert(lines.begin(), Show(watch_));
    report_->Add(Property::kSnapshot,
                 fmt::format("a watch does not begin with the state at {}", revision),
                 std::move(lines));
  }

  void CheckEvent(const WatchEvent& event) {
    const Revision revision = event.item.revision;
    if (revision <= bookmark_) {
      return Complain(Property::kBookmarkable,
                      fmt::format("an event follows the bookmark {}", bookmark_), event);
    }
    if (revision <= last_) {
      const bool again =
          std::any_of(watch_.events.begin(), watch_.events.end(), [&](const auto& e) {
            return &e < &event && e.type < Type::kBookmark && e.item.revision == revision;
          });
      return Complain(
          again ? Property::kUnique : Property::kOrdered,
          again ? "an event came twice" : fmt::format("an event came after revision {}", last_),
          event);
    }
    const Entry* const entry = log_.Find(revision);
    if (next_ < scope_.size() && scope_[next_]->item.revision < revision) {
      Missing(resumed_ ? Property::kResumable : Property::kReliable, revision, &event);
    }
    if (!watch_.scope.empty() && ScopeOf(event.item.key) != watch_.scope) {
      Complain(Property::kAtomic, "an event of another namespace", event);
    } else if (entry != nullptr) {
      CheckType(event);
    }
    last_ = revision;
    next_ = FirstAfter(revision);
    resumed_ = false;
  }

  void CheckType(const WatchEvent& event) {
    const Entry* const before = log_.key(event.item.key).At(event.item.revision - 1);
    const bool was_live = before != nullptr && before->live;
    const bool right =
        event.type == Type::kDeleted ? was_live : was_live == (event.type == Type::kModified);
    if (!right) Complain(Property::kAtomic, "an event is of the wrong type", event);
  }

  void CheckBookmark(const WatchEvent& event) {
    const Revision revision = event.item.revision;
    if (revision < last_) {
      return Complain(Property::kBookmarkable,
                      fmt::format("a bookmark is behind revision {}", last_), event);
    }
    if (next_ < scope_.size() && scope_[next_]->item.revision <= revision) {
      Missing(Property::kBookmarkable, revision + 1, &event);
    }
    bookmark_ = last_ = revision;
    next_ = FirstAfter(revision);
    resumed_ = false;
  }

  void CheckEnd() {
    if (watch_.outcome == Outcome::kFuture) {
      Complain(Property::kResumable, "a revision that was seen is said to be in the future");
    } else if (watch_.outcome == Outcome::kExpired) {
      if (progress_.NewestAt(watch_.end) - last_ <= resumable_within_) {
        Complain(Property::kResumable,
                 fmt::format("revision {} is recent, and yet expired", last_));
      }
    } else if (next_ < scope_.size() && scope_[next_]->item.revision <= watch_.complete_to) {
      Missing(resumed_ ? Property::kResumable : Property::kReliable, watch_.complete_to + 1,
              nullptr);
    }
  }

  // The writes before `end` that did not come.
  void Missing(Property property, Revision end, const WatchEvent* event) {
    std::vector<std::string> lines = {Show(watch_)};
    size_t count = 0;
    for (size_t i = next_; i < scope_.size() && scope_[i]->item.revision < end; ++i) {
      if (++count <= kShownMissing) lines.push_back("missing: " + scope_[i]->Show());
    }
    if (event != nullptr) lines.push_back(Show(watch_, *event));
    report_->Add(property, fmt::format("{} events after revision {} did not come", count, last_),
                 std::move(lines));
  }

  void Complain(Property property, const std::string& what) {
    report_->Add(property, what, {Show(watch_)});
  }
  void Complain(Property property, const std::string& what, const WatchEvent& event) {
    report_->Add(property, what, {Show(watch_), Show(watch_, event)});
  }

  const Watch& watch_;
  const Log& log_;
  const std::vector<const Entry*>& scope_;
  const Progress& progress_;
  const Revision resumable_within_;
  Report* const report_;
  Revision last_ = 0;      // everything up to here came, or is of no interest
  Revision bookmark_ = 0;  // the last one
  size_t next_ = 0;        // in scope_: what must come next
  bool resumed_ = false;   // nothing has come since it was resumed
};

}  // namespace

void CheckWatches(const History& history, const Log& log, const Progress& progress,
                  Revision resumable_within, Report* report) {
  for (const Watch& watch : history.watches) {
    WatchChecker(watch, log, progress, resumable_within, report).Run();
  }
}

}  // namespace gantry::consistency
