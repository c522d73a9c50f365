#include "tests/crash/victim_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "store/conformance/recorder.h"
#include "tests/crash/protocol.h"

namespace gantry::store {

void VictimModel::Violation(const std::string& what) {
  if (violations_.size() < 4000) violations_ += what + "\n";
}

void VictimModel::Hear(const std::string& line) {
  std::istringstream in(line);
  std::string verb;
  in >> verb;
  Entry e;
  Revision revision = 0;
  if (verb == "open") {
    in >> revision;
    if (revision < std::max(last_, highest_acked_)) {
      Violation(
          fmt::format("opened at revision {} after {}", revision, std::max(last_, highest_acked_)));
    }
  } else if (verb == "put") {
    in >> e.id >> e.key;
    intended_puts_[e.id] = e.key;
  } else if (verb == "delete") {
    in >> e.key >> revision;
    intended_deletes_.emplace(e.key, revision);
  } else if (verb == "put-done" || verb == "delete-done") {
    e.put = verb == "put-done";
    if (e.put) {
      in >> e.id >> revision;
      e.key = intended_puts_[e.id];
    } else {
      in >> e.key >> e.previous >> revision;
    }
    ++acknowledged_;
    highest_acked_ = std::max(highest_acked_, revision);
    if (!acked_.emplace(revision, e).second) {
      Violation(fmt::format("revision {} was acknowledged twice", revision));
    }
  } else if (verb == "event") {
    int watch = 0;
    std::string kind;
    in >> watch >> kind >> revision >> e.key >> e.previous >> e.id;
    e.put = kind == "put";
    if (watch == 0) {
      Append(revision, e);
    } else {
      AppendFiltered(revision, e);
    }
  } else if (verb == "compacted") {
    in >> revision;
    horizon_ = std::max(horizon_, revision);
  } else {
    Violation(line);
  }
}

void VictimModel::Event(const store::Event& e) {
  Append(e.revision, {e.type == Event::Type::kPut, e.key, e.previous, IdOf(e.value)});
}

void VictimModel::Append(Revision revision, Entry e) {
  if (revision != last_ + 1) {
    return Violation(fmt::format("an event of revision {} after {}", revision, last_));
  }
  last_ = revision;
  auto it = live_.find(e.key);
  const Revision before = it == live_.end() ? 0 : it->second.first;
  if (e.previous != before) {
    Violation(fmt::format("revision {} names {} as the one before, not {}", revision, e.previous,
                          before));
  }
  if (e.put) {
    auto intended = intended_puts_.find(e.id);
    if (intended == intended_puts_.end() || intended->second != e.key) {
      Violation(fmt::format("revision {}: nobody put \"{}\" into {}", revision, e.id, e.key));
    }
    if (!applied_.insert(e.id).second) Violation(fmt::format("put {} applied twice", e.id));
    live_[e.key] = {revision, e.id};
  } else {
    if (!intended_deletes_.contains({e.key, e.previous})) {
      Violation(fmt::format("revision {}: nobody deleted {}", revision, e.key));
    }
    if (it != live_.end() && it->second.second != e.id) {
      Violation(fmt::format("revision {}: the deletion does not carry the last value", revision));
    }
    live_.erase(e.key);
  }
  history_.emplace(revision, std::move(e));
}

// The other watch may be ahead of the first one or behind it; Verify compares them.
void VictimModel::AppendFiltered(Revision revision, const Entry& e) {
  if (revision <= filtered_last_) {
    return Violation(fmt::format("watch 1: revision {} after {}", revision, filtered_last_));
  }
  auto known = history_.upper_bound(filtered_last_);
  for (; known != history_.end() && known->first < revision; ++known) {
    if (known->second.key.starts_with(kWatchPrefix[1])) {
      Violation(fmt::format("watch 1 missed revision {}", known->first));
    }
  }
  if (known != history_.end() && !(known->second == e)) {
    Violation(fmt::format("watch 1 saw another revision {}", revision));
  }
  filtered_last_ = revision;
}

void VictimModel::Verify(Store* store) {
  const Revision current = store->current_revision();
  if (current < std::max(last_, highest_acked_)) {
    return Violation(fmt::format("the store is at revision {}, {} was handed out", current,
                                 std::max(last_, highest_acked_)));
  }
  if (store->horizon() < horizon_) Violation("the horizon went back");
  Recorder recorder;
  if (Status s = recorder.Start(store, "", last_); !s.ok()) {
    return Violation("resume: " + s.error().message);
  }
  for (const store::Event& e : recorder.WaitForEvents(current - last_)) Event(e);
  CheckAcknowledged();
  CheckState(store);
  CheckHistory(store);
  filtered_last_ = std::max(filtered_last_, last_);
}

void VictimModel::CheckAcknowledged() {
  for (const auto& [revision, want] : acked_) {
    auto it = history_.find(revision);
    if (it == history_.end()) {
      Violation(fmt::format("acknowledged revision {} is gone", revision));
      continue;
    }
    const Entry& got = it->second;
    const bool same = got.put == want.put && got.key == want.key &&
                      (want.put ? got.id == want.id : got.previous == want.previous);
    if (!same) Violation(fmt::format("acknowledged revision {} is another write", revision));
  }
  acked_.clear();
}

void VictimModel::CheckState(Store* store) {
  auto list = store->List("", {});
  if (!list.ok()) return Violation("list: " + list.error().message);
  if (list->records.size() != live_.size()) Violation("another number of live keys");
  for (const Record& r : list->records) {
    auto it = live_.find(r.key);
    if (it == live_.end() || it->second.first != r.mod_revision ||
        it->second.second != IdOf(r.value)) {
      Violation("another value of " + r.key);
    }
  }
}

// The whole history above the horizon reads as it was seen live.
void VictimModel::CheckHistory(Store* store) {
  const Revision after = store->horizon();
  Recorder recorder;
  if (Status s = recorder.Start(store, "", after); !s.ok()) {
    return Violation("history: " + s.error().message);
  }
  for (const store::Event& e : recorder.WaitForEvents(last_ - after)) {
    const Entry entry{e.type == Event::Type::kPut, e.key, e.previous, IdOf(e.value)};
    auto it = history_.find(e.revision);
    if (it == history_.end() || !(it->second == entry)) {
      Violation(fmt::format("the history changed at revision {}", e.revision));
    }
  }
}

}  // namespace gantry::store
