#include "tests/consistency/checker/lists.h"

#include <fmt/format.h>

#include <algorithm>

namespace gantry::consistency {
namespace {

constexpr size_t kShown = 6;

std::string ItemWords(const Item& item) {
  return fmt::format("{} at {}, uid {}, value {}, patch \"{}\"", item.key, item.revision, item.uid,
                     item.value, item.patch);
}

bool ByKey(const Item& a, const Item& b) {
  return a.key < b.key || (a.key == b.key && a.revision < b.revision);
}

class ListChecker {
 public:
  ListChecker(const Log& log, const Progress& progress, Revision resumable_within, Report* report)
      : log_(log), progress_(progress), resumable_within_(resumable_within), report_(report) {}

  void CheckList(const Operation& op) {
    if (op.outcome == Outcome::kFuture) {
      return Complain(op, "a revision that was seen is said to be in the future");
    }
    if (op.outcome == Outcome::kExpired) {
      const Revision asked =
          op.verb == Verb::kPages && !op.pages.empty() ? op.pages[0].revision : op.at;
      if (progress_.NewestAt(op.end) - asked <= resumable_within_) {
        Complain(op, fmt::format("revision {} is recent, and yet expired", asked));
      }
      return;
    }
    if (op.outcome != Outcome::kOk) return;
    if (op.reading == Reading::kExact && op.revision != op.at) {
      return Complain(op, "a list names another revision than the one that was asked for");
    }
    if (!std::is_sorted(op.items.begin(), op.items.end(), ByKey)) {
      return Complain(op, "the items are not in the order of their keys");
    }
    const std::vector<Item> want = log_.StateAt(op.key, op.revision);
    if (op.items != want) {
      std::vector<std::string> lines = Difference(op.items, want);
      report_->Add(Property::kSnapshot,
                   fmt::format("line {}: a list of \"{}\" is not the state at revision {}", op.line,
                               op.key, op.revision),
                   std::move(lines));
    }
    if (op.verb == Verb::kPages) CheckPages(op);
  }

 private:
  void CheckPages(const Operation& op) {
    int64_t left = static_cast<int64_t>(op.items.size());
    for (const Page& page : op.pages) {
      left -= static_cast<int64_t>(page.items);
      if (page.revision != op.revision)
        return Complain(op, "pages of one list are of two revisions");
      if (page.remaining >= 0 && page.remaining != left) {
        return Complain(op, fmt::format("{} objects remained, not {}", left, page.remaining));
      }
    }
  }
  void Complain(const Operation& op, const std::string& what) {
    report_->Add(Property::kSnapshot, what, {Show(op)});
  }

  const Log& log_;
  const Progress& progress_;
  const Revision resumable_within_;
  Report* const report_;
};

}  // namespace

Progress::Progress(const History& history, const Log& log) {
  for (const Operation& op : history.operations) {
    if (const Revision revision = log.RevisionOf(op); revision != 0) {
      highest_.emplace_back(op.begin, revision);
    }
  }
  std::sort(highest_.begin(), highest_.end());
  Revision highest = 0;
  for (auto& [begin, revision] : highest_) revision = highest = std::max(highest, revision);
}

Revision Progress::NewestAt(Nanoseconds time) const {
  const auto it = std::partition_point(highest_.begin(), highest_.end(),
                                       [time](const auto& step) { return step.first <= time; });
  return it == highest_.begin() ? 0 : std::prev(it)->second;
}

std::vector<std::string> Difference(const std::vector<Item>& got, const std::vector<Item>& want) {
  std::vector<std::string> lines;
  const auto only = [&lines](const std::vector<Item>& these, const std::vector<Item>& those,
                             const char* text) {
    for (const Item& item : these) {
      if (lines.size() < kShown && std::find(those.begin(), those.end(), item) == those.end()) {
        lines.push_back(text + ItemWords(item));
      }
    }
  };
  only(got, want, "it has: ");
  only(want, got, "the log: ");
  return lines;
}

void CheckLists(const History& history, const Log& log, const Progress& progress,
                Revision resumable_within, Report* report) {
  ListChecker checker(log, progress, resumable_within, report);
  for (const Operation& op : history.operations) {
    if (op.verb >= Verb::kList) {
      checker.CheckList(op);
    } else if (op.outcome == Outcome::kFuture) {
      report->Add(Property::kMonotonic, "a revision that was seen is said to be in the future",
                  {Show(op)});
    }
  }
}

}  // namespace gantry::consistency
