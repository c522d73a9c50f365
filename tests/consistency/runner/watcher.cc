#include "tests/consistency/runner/watcher.h"

#include <fmt/format.h>

#include <algorithm>

namespace gantry::consistency {
namespace {

using Type = WatchEvent::Type;

constexpr uint32_t kPastReach = 1500;
constexpr uint32_t kEventsAtMost = 3000;  // after which a client leaves
constexpr auto kEventPatience = std::chrono::seconds(20);

Type TypeOf(const std::string& word) {
  if (word == "ADDED") return Type::kAdded;
  if (word == "MODIFIED") return Type::kModified;
  if (word == "DELETED") return Type::kDeleted;
  return Type::kBookmark;
}

bool IsInitialEnd(const Json& object) {
  const Json& meta = object.at("metadata");
  return meta.contains("annotations") && meta["annotations"].contains("k8s.io/initial-events-end");
}

}  // namespace

void Watcher::Run() {
  if (habit_ != Habit::kResume) {
    while (Fence() == 0) WatchOnce();
    return;
  }
  while (Fence() == 0) WatchOnce();
  const MonoTime deadline = Clock::Real()->Mono() + kEventPatience;
  while (last_ < Fence() && Clock::Real()->Mono() < deadline) WatchOnce();
  // Says that nothing is awaited any more: what did not come until now is missing.
  Watch end;
  end.client = client_;
  end.scope = scope_;
  end.at = last_;
  end.begin = end.end = Recorder::Now();
  end.complete_to = Fence();
  const int64_t number = shared_.recorder->Begin(end);
  shared_.recorder->End(number, end);
}

Revision Watcher::Fence() const {
  const Revision first = shared_.fence[0].load();
  const Revision second = shared_.fence[1].load();
  if (first == 0 || second == 0) return 0;
  if (scope_.empty()) return std::max(first, second);
  return scope_ == kScopes[0] ? first : second;
}

std::string Watcher::Target(Watch* watch) {
  std::string target =
      fmt::format("{}?watch=true&timeoutSeconds={}", MapsPath(scope_), 1 + Below(3));
  switch (habit_) {
    case Habit::kAny: watch->from = Watch::From::kAny; return target + "&resourceVersion=0";
    case Habit::kStream:
      watch->from = Watch::From::kStream;
      return target +
             "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    case Habit::kPast:
      watch->at = std::max(shared_.base, last_ - static_cast<Revision>(Below(kPastReach)));
      return target + fmt::format("&resourceVersion={}", watch->at);
    case Habit::kResume:
      watch->at = last_;
      return target + fmt::format("&allowWatchBookmarks=true&resourceVersion={}", watch->at);
  }
  return target;
}

void Watcher::WatchOnce() {
  Watch watch;
  watch.client = client_;
  watch.scope = scope_;
  const std::string target = Target(&watch);
  watch.begin = Recorder::Now();
  const std::optional<Outcome> opened = api_.OpenWatch(target);
  if (!opened) return;
  watch.outcome = *opened;
  const int64_t number = shared_.recorder->Begin(watch);
  if (*opened == Outcome::kOk) {
    uint32_t left = 1 + Below(kEventsAtMost);
    std::string line;
    while (left-- > 0 && api_.NextLine(&line)) {
      if (!Take(line, number, &watch)) break;
      // A client that starts anew would watch for ever what has ended.
      if (Fence() != 0 && last_ >= Fence()) break;
    }
    api_.Drop();
  } else if (*opened == Outcome::kExpired) {
    last_ = shared_.newest.load();  // as a client that lists anew
  }
  watch.end = Recorder::Now();
  shared_.recorder->End(number, watch);
}

bool Watcher::Take(const std::string& line, int64_t number, Watch* watch) {
  const Result<Json> json = ParseJson(line);
  if (!json.ok()) return false;
  const std::string type = json->value("type", "");
  const Json& object = json->at("object");
  if (type == "ERROR") {
    if (object.value("code", 0) == 410) watch->outcome = Outcome::kExpired;
    return false;
  }
  WatchEvent event;
  event.type = TypeOf(type);
  if (event.type == Type::kBookmark) {
    event.item.revision = RevisionOf(object);
    if (IsInitialEnd(object)) event.type = Type::kInitialEnd;
  } else {
    event.item = ItemOf(object);
  }
  event.time = Recorder::Now();
  shared_.recorder->Add(number, event);
  shared_.Saw(event.item.revision);
  last_ = std::max(last_, event.item.revision);
  return true;
}

}  // namespace gantry::consistency
