#include "tests/consistency/checker/order.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

namespace gantry::consistency {
namespace {

// A place in the order of all writes: 2r is the write at revision r, 2r+1 what follows it.
using Place = int64_t;
constexpr Place kNowhere = -1;

// Something with a place, or with a choice among places.
struct Step {
  enum class Choice {
    kFixed,    // `place` alone
    kState,    // while the key was in the state that the write at `state` made
    kLive,     // while the key was there
    kAbsent,   // while it was not there
    kNotLike,  // while it was not the object that the precondition names
    kAnywhere,
  };
  Choice choice = Choice::kAnywhere;
  Place place = 0;
  Place at_least = 0;
  Revision state = 0;
  const KeyLog* log = nullptr;
  Nanoseconds begin = 0;
  Nanoseconds end = kNever;
  const Operation* op = nullptr;  // or
  const Watch* watch = nullptr;   // an event of it
  const WatchEvent* event = nullptr;

  std::string Show() const {
    return op != nullptr ? consistency::Show(*op) : consistency::Show(*watch, *event);
  }
};

// Whether the preconditions of a write hold for an object.
bool Fits(const Operation& op, const Item& item) {
  return (op.expect == 0 || op.expect == item.revision) &&
         (op.expect_uid.empty() || op.expect_uid == item.uid);
}

// Whether the step may be at a moment when `entry` was the last write; null: there was none.
bool Allows(const Step& step, const Entry* entry) {
  const bool live = entry != nullptr && entry->live;
  switch (step.choice) {
    case Step::Choice::kState: return entry != nullptr && entry->item.revision == step.state;
    case Step::Choice::kLive: return live;
    case Step::Choice::kAbsent: return !live;
    case Step::Choice::kNotLike: return live && !Fits(*step.op, entry->item);
    default: return true;
  }
}

// The smallest allowed place that is not below `bound`.
Place Smallest(const Step& step, Place bound) {
  if (step.choice == Step::Choice::kFixed) return step.place >= bound ? step.place : kNowhere;
  if (step.choice == Step::Choice::kAnywhere) return bound;
  const std::vector<const Entry*>& entries = step.log->entries();
  // State n follows the n-th write of the key.
  for (size_t n = step.log->CountTo(bound / 2); n <= entries.size(); ++n) {
    if (step.choice == Step::Choice::kState && n > 0 &&
        entries[n - 1]->item.revision > step.state) {
      break;
    }
    const Place from = n == 0 ? 0 : 2 * entries[n - 1]->item.revision + 1;
    if (Allows(step, n == 0 ? nullptr : entries[n - 1])) return std::max(from, bound);
  }
  return kNowhere;
}

class Sweep {
 public:
  Sweep(Property property, const Log& log, Report* report)
      : property_(property), log_(log), report_(report) {}

  void Run(const std::vector<const Step*>& steps) {
    std::vector<size_t> by_begin(steps.size());
    std::iota(by_begin.begin(), by_begin.end(), 0);
    std::vector<size_t> by_end = by_begin;
    std::sort(by_begin.begin(), by_begin.end(),
              [&](size_t a, size_t b) { return steps[a]->begin < steps[b]->begin; });
    std::sort(by_end.begin(), by_end.end(),
              [&](size_t a, size_t b) { return steps[a]->end < steps[b]->end; });
    std::vector<Place> places(steps.size(), 0);
    std::vector<size_t> binders(steps.size(), kNone);
    Place bound = 0;
    size_t binder = kNone;
    size_t ended = 0;
    for (const size_t i : by_begin) {
      const Step& step = *steps[i];
      for (; ended < by_end.size() && steps[by_end[ended]]->end < step.begin; ++ended) {
        if (places[by_end[ended]] > bound) {
          binder = by_end[ended];
          bound = places[binder];
        }
      }
      binders[i] = binder;
      places[i] = Smallest(step, std::max(bound, step.at_least));
      if (places[i] != kNowhere) continue;
      places[i] = step.choice == Step::Choice::kFixed ? step.place : 0;
      // Who came first: where its place is not its own choice, whoever it has it from.
      std::vector<const Step*> chain;
      for (size_t at = binder; at != kNone && chain.size() < kShown; at = binders[at]) {
        if (places[at] <= places[i]) break;
        const size_t from = binders[at];
        if (from == kNone || places[from] < places[at]) chain.push_back(steps[at]);
      }
      Complain(step, bound >= step.at_least ? chain : std::vector<const Step*>());
      bound = places[i];  // one complaint is enough
    }
  }

 private:
  static constexpr size_t kNone = SIZE_MAX;
  static constexpr size_t kShown = 4;

  void Complain(const Step& step, const std::vector<const Step*>& chain) {
    if (chain.empty()) {
      report_->Add(property_, "the answer is older than what was asked for", {step.Show()});
      return;
    }
    std::vector<std::string> lines;
    for (auto it = chain.rbegin(); it != chain.rend(); ++it) {
      lines.push_back("before: " + (*it)->Show());
    }
    lines.push_back("later: " + step.Show());
    if (step.op != nullptr && step.op->verb < Verb::kList) {
      const Step& last = *chain.front();
      const Revision revision = last.place != 0 ? last.place / 2 : last.state;
      for (std::string& line : log_.Around(step.op->key, revision)) {
        lines.push_back(std::move(line));
      }
    }
    report_->Add(property_, "the later operation does not know of those before", std::move(lines));
  }

  const Property property_;
  const Log& log_;
  Report* const report_;
};

Nanoseconds EndOf(const Operation& op, const History& history) {
  if (op.outcome != Outcome::kUnknown) return op.end;
  const auto death = std::upper_bound(history.deaths.begin(), history.deaths.end(), op.begin);
  return death == history.deaths.end() ? kNever : *death;
}

// False: it says nothing of any state.
bool MakeStep(const Operation& op, const History& history, const Log& log, Step* step) {
  step->op = &op;
  step->begin = op.begin;
  step->end = EndOf(op, history);
  step->log = &log.key(op.key);
  using Choice = Step::Choice;
  if (op.verb >= Verb::kList) {
    if (op.outcome != Outcome::kOk || op.reading == Reading::kExact) return false;
    step->choice = Choice::kFixed;
    step->place = 2 * op.revision + 1;
    if (op.reading == Reading::kNotOlder) step->at_least = 2 * op.at + 1;
    return true;
  }
  if (op.verb == Verb::kGet && op.reading == Reading::kNotOlder) step->at_least = 2 * op.at + 1;
  switch (op.outcome) {
    case Outcome::kOk:
    case Outcome::kUnknown:
      if (op.verb == Verb::kGet) {
        if (op.outcome == Outcome::kUnknown || op.items.empty()) return false;
        step->choice = Choice::kState;
        step->state = op.items[0].revision;
        return true;
      }
      step->choice = Choice::kFixed;
      step->place = 2 * log.RevisionOf(op);
      return step->place != 0;
    case Outcome::kNotFound: step->choice = Choice::kAbsent; return true;
    case Outcome::kExists: step->choice = Choice::kLive; return true;
    case Outcome::kConflict:
      if (op.expect == 0 && op.expect_uid.empty()) return false;
      step->choice = Choice::kNotLike;
      return true;
    default: return false;
  }
}

// Reads at any revision promise nothing but what their client has seen.
bool Binds(const Operation& op) { return op.verb < Verb::kGet || op.reading == Reading::kNewest; }

}  // namespace

void CheckOrder(const History& history, const Log& log, Report* report) {
  std::vector<Step> steps;
  steps.reserve(history.operations.size());
  for (const Operation& op : history.operations) {
    Step step;
    if (MakeStep(op, history, log, &step)) steps.push_back(step);
  }
  std::vector<Step> events;
  for (const Watch& watch : history.watches) {
    for (const WatchEvent& event : watch.events) {
      Step step;
      step.choice = Step::Choice::kFixed;
      const bool end = event.type == WatchEvent::Type::kInitialEnd;
      step.place = 2 * event.item.revision + (end ? 1 : 0);
      // A streaming list answers a question; an event only tells what is seen by now.
      step.begin = end && watch.from == Watch::From::kStream ? watch.begin : 0;
      step.end = event.time;
      step.watch = &watch;
      step.event = &event;
      if (event.type != WatchEvent::Type::kBookmark) events.push_back(step);
    }
  }

  std::map<std::string, std::vector<const Step*>> keys;
  std::map<int, std::vector<const Step*>> clients;
  std::vector<const Step*> all;
  for (const Step& step : steps) {
    clients[step.op->client].push_back(&step);
    if (!Binds(*step.op)) continue;
    all.push_back(&step);
    if (step.op->verb < Verb::kList) keys[step.op->key].push_back(&step);
  }
  Sweep linearizable(Property::kLinearizable, log, report);
  const size_t before = report->count(Property::kLinearizable);
  for (const auto& [key, of_key] : keys) linearizable.Run(of_key);
  if (report->count(Property::kLinearizable) == before) {
    for (const Step& step : events) all.push_back(&step);
    linearizable.Run(all);
  }
  Sweep monotonic(Property::kMonotonic, log, report);
  for (const auto& [client, of_client] : clients) monotonic.Run(of_client);
}

}  // namespace gantry::consistency
