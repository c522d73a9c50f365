#include "tests/consistency/checker/log.h"

#include <fmt/format.h>

#include <algorithm>

namespace gantry::consistency {
namespace {

const KeyLog kNoLog;
const std::vector<const Entry*> kNoEntries;

bool IsPut(Verb verb) {
  return verb == Verb::kCreate || verb == Verb::kUpdate || verb == Verb::kPatch;
}

// What the last write of an object carried.
const std::string& CarriedBy(const Item& item) {
  return item.patch.empty() ? item.value : item.patch;
}

// How many times the server had died.
size_t EpochOf(const History& history, Nanoseconds time) {
  const auto it = std::upper_bound(history.deaths.begin(), history.deaths.end(), time);
  return static_cast<size_t>(it - history.deaths.begin());
}

std::vector<std::string> Evidence(const Entry* before, const Entry& entry, const Operation* op) {
  std::vector<std::string> lines;
  if (before != nullptr) lines.push_back(before->Show());
  lines.push_back(entry.Show());
  if (op != nullptr && op != entry.source) lines.push_back(Show(*op));
  return lines;
}

}  // namespace

std::string ScopeOf(const std::string& key) { return key.substr(0, key.find('/')); }

std::string Entry::Show() const {
  const std::string text = source != nullptr  ? consistency::Show(*source)
                           : event != nullptr ? consistency::Show(*watch, *event)
                                              : std::string();
  if (text.size() < 500) return text;
  return fmt::format("revision {} of {} ({}), seen in a list at line {}", item.revision, item.key,
                     CarriedBy(item), source != nullptr ? source->line : watch->line);
}

const Entry* KeyLog::At(Revision revision) const {
  const size_t n = CountTo(revision);
  return n == 0 ? nullptr : entries_[n - 1];
}

size_t KeyLog::CountTo(Revision revision) const {
  const auto it = std::partition_point(
      entries_.begin(), entries_.end(),
      [revision](const Entry* entry) { return entry->item.revision <= revision; });
  return static_cast<size_t>(it - entries_.begin());
}

Log::Log(const History& history, Report* report) {
  for (const Operation& op : history.operations) {
    if (op.outcome != Outcome::kOk || op.verb == Verb::kDelete) continue;
    for (const Item& item : op.items) {
      Entry entry;
      entry.item = item;
      entry.source = &op;
      Add(std::move(entry), report);
    }
  }
  for (const Watch& watch : history.watches) {
    for (const WatchEvent& event : watch.events) {
      if (event.type > WatchEvent::Type::kDeleted) continue;
      Entry entry;
      entry.item = event.item;
      entry.live = event.type != WatchEvent::Type::kDeleted;
      entry.watch = &watch;
      entry.event = &event;
      Add(std::move(entry), report);
    }
  }
  std::vector<const Entry*> all;
  all.reserve(entries_.size());
  for (const auto& [revision, entry] : entries_) all.push_back(&entry);
  std::sort(all.begin(), all.end(),
            [](const Entry* a, const Entry* b) { return a->item.revision < b->item.revision; });
  for (const Entry* entry : all) {
    keys_[entry->item.key].Append(entry);
    scopes_[ScopeOf(entry->item.key)].push_back(entry);
  }
  scopes_[""] = std::move(all);
}

void Log::Add(Entry entry, Report* report) {
  const auto [it, added] = entries_.try_emplace(entry.item.revision, entry);
  if (added || (it->second.item == entry.item && it->second.live == entry.live)) return;
  report->Add(Property::kAtomic,
              fmt::format("two accounts of revision {} differ", entry.item.revision),
              {it->second.Show(), entry.Show()});
}

const Entry* Log::Find(Revision revision) const {
  const auto it = entries_.find(revision);
  return it == entries_.end() ? nullptr : &it->second;
}

const KeyLog& Log::key(const std::string& key) const {
  const auto it = keys_.find(key);
  return it == keys_.end() ? kNoLog : it->second;
}

const std::vector<const Entry*>& Log::scope(const std::string& scope) const {
  const auto it = scopes_.find(scope);
  return it == scopes_.end() ? kNoEntries : it->second;
}

std::vector<Item> Log::StateAt(const std::string& scope, Revision revision) const {
  std::vector<Item> state;
  const std::string prefix = scope.empty() ? "" : scope + "/";
  for (auto it = keys_.lower_bound(prefix); it != keys_.end(); ++it) {
    if (it->first.compare(0, prefix.size(), prefix) != 0) break;
    const Entry* entry = it->second.At(revision);
    if (entry != nullptr && entry->live) state.push_back(entry->item);
  }
  return state;
}

std::vector<std::string> Log::Around(const std::string& key, Revision revision) const {
  std::vector<std::string> lines;
  const KeyLog& log = this->key(key);
  const size_t n = log.CountTo(revision);
  for (size_t i = n > 2 ? n - 2 : 0; i < std::min(n + 1, log.entries().size()); ++i) {
    lines.push_back("log: " + log.entries()[i]->Show());
  }
  return lines;
}

Revision Log::RevisionOf(const Operation& operation) const {
  const auto it = reached_.find(&operation);
  return it == reached_.end() ? 0 : it->second;
}

void Log::Explain(const History& history, Report* report) {
  for (const Operation& op : history.operations) {
    if (IsPut(op.verb)) {
      if (!writes_.emplace(op.write, &op).second) {
        report->Add(Property::kKnown, "two writes carry the same value: the history is no good",
                    {Show(*writes_[op.write]), Show(op)});
      }
    } else if (op.verb == Verb::kDelete && op.outcome == Outcome::kOk) {
      const auto [it, first] = deletions_.emplace(op.uid, &op);
      if (!first) {
        report->Add(Property::kOnce, "one object was deleted twice", {Show(*it->second), Show(op)});
      }
    } else if (op.verb == Verb::kDelete && op.outcome == Outcome::kUnknown) {
      lost_deletions_[op.key].push_back({&op, EpochOf(history, op.begin)});
    }
  }
  for (auto& [key, lost] : lost_deletions_) {
    std::sort(lost.begin(), lost.end(),
              [](const Lost& a, const Lost& b) { return a.op->begin < b.op->begin; });
  }
  FindEpochs(history);
  for (const auto& [key, log] : keys_) {
    const Entry* before = nullptr;
    for (const Entry* entry : log.entries()) {
      Entry* const mine = &entries_.at(entry->item.revision);
      if (mine->live) {
        ExplainPut(mine, before, report);
      } else {
        ExplainDeletion(mine, before, report);
      }
      before = entry;
    }
  }
  CheckAnswers(history, report);
}

void Log::ExplainPut(Entry* entry, const Entry* before, Report* report) {
  const Item& item = entry->item;
  const auto it = writes_.find(CarriedBy(item));
  if (it == writes_.end() || it->second->key != item.key) {
    report->Add(Property::kKnown, fmt::format("nobody wrote revision {}", item.revision),
                Evidence(nullptr, *entry, it == writes_.end() ? nullptr : it->second));
    return;
  }
  const Operation* const op = it->second;
  entry->writer = op;
  const auto [reached, first] = reached_.emplace(op, item.revision);
  if (!first) {
    report->Add(Property::kOnce, "one write is in the log twice",
                Evidence(Find(reached->second), *entry, op));
    return;
  }
  const bool was_live = before != nullptr && before->live;
  const auto wrong = [&](const std::string& what) {
    report->Add(Property::kSequential, what, Evidence(before, *entry, op));
  };
  if (op->verb == Verb::kCreate) {
    if (was_live) wrong("a create replaced an object");
    if (before != nullptr && before->item.uid == item.uid) wrong("a create brought a uid back");
    if (!item.patch.empty() || item.value != op->write) wrong("a create wrote something else");
    return;
  }
  if (!was_live) return wrong("an update or a patch found nothing, and yet wrote");
  if (before->item.uid != item.uid) wrong("the uid changed");
  if (op->expect != 0 && op->expect != before->item.revision)
    wrong("the precondition did not hold");
  if (op->verb == Verb::kPatch ? item.value != before->item.value || item.patch != op->write
                               : !item.patch.empty() || item.value != op->write) {
    wrong("it wrote something else, or onto a state that nobody had");
  }
}

// A write is after the question of whoever wrote it or anything before it, and before whoever saw
// it or anything after it. A list says as much of what it does not contain: at the newest revision,
// what is above its revision came after its question; and what is not came before its answer.
void Log::FindEpochs(const History& history) {
  struct Bound {
    Revision revision;
    size_t epoch;
  };
  std::vector<Bound> above;  // writes above `revision` have at least this epoch
  std::vector<Bound> up_to;  // writes up to `revision` have at most this epoch
  for (const Operation& op : history.operations) {
    if (op.outcome != Outcome::kOk || op.revision == 0) continue;
    if (op.reading == Reading::kNewest) above.push_back({op.revision, EpochOf(history, op.begin)});
    up_to.push_back({op.revision, EpochOf(history, op.end)});
  }
  const auto rising = [](const Bound& a, const Bound& b) { return a.revision < b.revision; };
  std::sort(above.begin(), above.end(), rising);
  std::sort(up_to.begin(), up_to.end(), rising);

  const std::vector<const Entry*>& all = scopes_[""];
  size_t epoch = 0;
  auto bound = above.begin();
  for (const Entry* entry : all) {
    const Item& item = entry->item;
    for (; bound != above.end() && bound->revision < item.revision; ++bound) {
      epoch = std::max(epoch, bound->epoch);
    }
    const auto& writers = entry->live ? writes_ : deletions_;
    const auto writer = writers.find(entry->live ? CarriedBy(item) : item.uid);
    if (writer != writers.end()) epoch = std::max(epoch, EpochOf(history, writer->second->begin));
    entries_.at(item.revision).first_epoch = epoch;
  }
  epoch = history.deaths.size();
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    const Entry& entry = **it;
    for (; !up_to.empty() && up_to.back().revision >= entry.item.revision; up_to.pop_back()) {
      epoch = std::min(epoch, up_to.back().epoch);
    }
    const Nanoseconds seen = entry.source != nullptr ? entry.source->end : entry.event->time;
    epoch = std::min(epoch, EpochOf(history, seen));
    entries_.at(entry.item.revision).last_epoch = epoch;
  }
}

// A deletion without answer that may have made the entry. Such a one happens before the server dies
// or never. One that can only be meant for this state goes first: it is of no use elsewhere. Of the
// others the oldest, which leaves the most to choose from for later entries.
const Operation* Log::TakeLostDeletion(const Entry& entry, const Entry* before) {
  const auto lost = lost_deletions_.find(entry.item.key);
  if (lost == lost_deletions_.end()) return nullptr;
  std::vector<Lost>& all = lost->second;
  const Revision was = before == nullptr ? 0 : before->item.revision;
  const auto in_time = [&](const Lost& l) {
    return entry.first_epoch <= l.epoch && l.epoch <= entry.last_epoch;
  };
  auto found = std::find_if(all.begin(), all.end(), [&](const Lost& l) {
    return in_time(l) && ((l.op->expect == was && was != 0) || l.op->expect_uid == entry.item.uid);
  });
  if (found == all.end()) {
    found = std::find_if(all.begin(), all.end(), [&](const Lost& l) {
      return in_time(l) && l.op->expect == 0 && l.op->expect_uid.empty();
    });
  }
  if (found == all.end()) return nullptr;
  const Operation* const op = found->op;
  all.erase(found);
  return op;
}

void Log::ExplainDeletion(Entry* entry, const Entry* before, Report* report) {
  const Item& item = entry->item;
  const auto it = deletions_.find(item.uid);
  const bool answered = it != deletions_.end() && it->second->key == item.key;
  const Operation* const op = answered ? it->second : TakeLostDeletion(*entry, before);
  if (op == nullptr) {
    report->Add(Property::kKnown, fmt::format("nobody deleted at revision {}", item.revision),
                Evidence(before, *entry, nullptr));
    return;
  }
  entry->writer = op;
  const auto [reached, first] = reached_.emplace(op, item.revision);
  if (!first) {
    report->Add(Property::kOnce, "one deletion is in the log twice",
                Evidence(Find(reached->second), *entry, op));
    return;
  }
  const auto wrong = [&](const std::string& what) {
    report->Add(Property::kSequential, what, Evidence(before, *entry, op));
  };
  if (before == nullptr || !before->live) return wrong("a deletion found nothing");
  Item last = item;
  last.revision = before->item.revision;
  if (!(last == before->item)) wrong("a deletion does not carry the last state");
  if (op->expect != 0 && op->expect != before->item.revision)
    wrong("the precondition did not hold");
  if (!op->expect_uid.empty() && op->expect_uid != item.uid) wrong("another object was deleted");
}

void Log::CheckAnswers(const History& history, Report* report) {
  for (const Operation& op : history.operations) {
    if (op.verb >= Verb::kGet) continue;
    const Revision reached = RevisionOf(op);
    if (op.outcome == Outcome::kOk) {
      const Revision said = op.items.empty() ? reached : op.items[0].revision;
      if (reached == 0 || reached != said) {
        std::vector<std::string> lines = {Show(op)};
        for (std::string& line : Around(op.key, said)) lines.push_back(std::move(line));
        report->Add(Property::kOnce, "an acknowledged write is not there, or is elsewhere",
                    std::move(lines));
      }
    } else if (op.outcome != Outcome::kUnknown && reached != 0) {
      report->Add(Property::kOnce, "a write was refused, and yet happened",
                  {Show(op), Find(reached)->Show()});
    }
  }
}

}  // namespace gantry::consistency
