#include "controllers/runtime/event_recorder.h"

#include <algorithm>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/base/log.h"
#include "controllers/runtime/metrics.h"

namespace gantry::runtime {
namespace {

constexpr size_t kQueueLimit = 1000;
constexpr size_t kRemembered = 4096;
constexpr double kBurst = 25;
constexpr auto kTokenEvery = std::chrono::minutes(5);
constexpr size_t kDifferentMessages = 10;
constexpr auto kSimilarWindow = std::chrono::minutes(10);
constexpr size_t kMessageLimit = 1024;

const char* TypeName(EventType type) { return type == EventType::kNormal ? "Normal" : "Warning"; }

void CountEvent(const char* result) { Metrics().events.Add({{"result", result}}).Increment(); }

}  // namespace

EventRecorder::EventRecorder(client::Client client, std::string component, Clock* clock,
                             Random* random)
    : client_(std::move(client)),
      component_(std::move(component)),
      clock_(clock),
      random_(random),
      ctx_(Context().WithCancel()) {
  thread_ = std::thread([this] { Run(); });
}

EventRecorder::~EventRecorder() {
  const MonoTime until = Clock::Real()->Mono() + std::chrono::seconds(1);
  {
    MutexLock lock(&mu_);
    while ((!queue_.empty() || busy_) && changed_.WaitUntil(&mu_, until)) {
    }
    stopping_ = true;
    changed_.SignalAll();
  }
  ctx_.Cancel();
  thread_.join();
}

void EventRecorder::Record(const Object& about, EventType type, std::string_view reason,
                           std::string message) {
  if (message.size() > kMessageLimit) message = message.substr(0, kMessageLimit - 3) + "...";
  Item item;
  item.involved = {{"apiVersion", about.api_version()},
                   {"kind", about.kind()},
                   {"name", about.name()},
                   {"uid", about.uid()},
                   {"resourceVersion", about.resource_version()}};
  if (!about.ns().empty()) item.involved["namespace"] = about.ns();
  item.ns = about.ns().empty() ? "default" : std::string(about.ns());
  item.type = type;
  item.reason = reason;
  item.message = std::move(message);
  item.at = clock_->Now();
  MutexLock lock(&mu_);
  if (stopping_ || queue_.size() >= kQueueLimit) {
    CountEvent("dropped");
    return;
  }
  queue_.push_back(std::move(item));
  changed_.SignalAll();
}

void EventRecorder::FlushForTest() {
  MutexLock lock(&mu_);
  while (!queue_.empty() || busy_) changed_.Wait(&mu_);
}

void EventRecorder::Run() {
  while (true) {
    Item item;
    {
      MutexLock lock(&mu_);
      while (queue_.empty() && !stopping_) changed_.Wait(&mu_);
      if (stopping_) return;
      item = std::move(queue_.front());
      queue_.pop_front();
      busy_ = true;
    }
    Write(std::move(item));
    MutexLock lock(&mu_);
    busy_ = false;
    changed_.SignalAll();
  }
}

bool EventRecorder::TakeToken(const std::string& object_uid, MonoTime now) {
  if (budgets_.size() > kRemembered) budgets_.clear();
  auto [it, made] = budgets_.try_emplace(object_uid, Budget{kBurst, now});
  Budget& budget = it->second;
  const std::chrono::duration<double> passed = now - budget.refilled;
  const std::chrono::duration<double> every = kTokenEvery;
  budget.tokens = std::min(kBurst, budget.tokens + passed / every);
  budget.refilled = now;
  if (budget.tokens < 1) return false;
  budget.tokens -= 1;
  return true;
}

std::string EventRecorder::Combine(const Item& item, MonoTime now) {
  if (similar_.size() > kRemembered) similar_.clear();
  Similar& s =
      similar_[GetString(item.involved, "uid") + "\n" + TypeName(item.type) + "\n" + item.reason];
  if (now - s.since > kSimilarWindow) {
    s.messages.clear();
    s.since = now;
  }
  if (s.messages.size() < kDifferentMessages) s.messages[item.message] = true;
  return s.messages.count(item.message) ? item.message
                                        : "(combined from similar events): " + item.message;
}

void EventRecorder::Remember(Written written) {
  if (const auto it = by_identity_.find(written.identity); it != by_identity_.end()) {
    written_.erase(it->second);
    by_identity_.erase(it);
  }
  written_.push_front(std::move(written));
  by_identity_[written_.front().identity] = written_.begin();
  if (written_.size() > kRemembered) {
    by_identity_.erase(written_.back().identity);
    written_.pop_back();
  }
}

void EventRecorder::Write(Item item) {
  const MonoTime now = clock_->Mono();
  const std::string uid = GetString(item.involved, "uid");
  if (!TakeToken(uid.empty() ? item.involved.dump() : uid, now)) {
    CountEvent("dropped");
    return;
  }
  const std::string combined = Combine(item, now);
  // All combined events of one reason count on one object, whose message is the latest.
  const bool is_combined = combined != item.message;
  item.message = combined;
  const std::string identity = uid + "\n" + TypeName(item.type) + "\n" + item.reason + "\n" +
                               (is_combined ? std::string("*") : item.message);
  const auto known = by_identity_.find(identity);
  if (known != by_identity_.end()) {
    Written next = *known->second;
    next.count += 1;
    next.last = now;
    const Json patch = {
        {"count", next.count}, {"lastTimestamp", FormatTime(item.at)}, {"message", item.message}};
    const Result<Object> patched =
        client_.Patch(ctx_.WithTimeout(std::chrono::seconds(10)), v1::kEvents, next.key,
                      client::PatchType::kMerge, patch);
    if (patched.ok()) {
      CountEvent("updated");
      Remember(std::move(next));
      return;
    }
    if (patched.code() != Code::kNotFound) {
      CountEvent("failed");
      LOG_DEBUG("event not counted", {"reason", item.reason}, {"error", patched.error()});
      return;
    }
  }
  const Status created = CreateEvent(item, identity);
  CountEvent(created.ok() ? "created" : "failed");
  if (!created.ok())
    LOG_DEBUG("event not written", {"reason", item.reason}, {"error", created.error()});
}

Status EventRecorder::CreateEvent(const Item& item, const std::string& identity) {
  const ObjectKey key{
      item.ns, GetString(item.involved, "name").substr(0, 200) + "." + RandomHex(random_, 8)};
  Object event(v1::kEvents.gvk(), key);
  Json& json = event.json();
  json["involvedObject"] = item.involved;
  json["reason"] = item.reason;
  json["message"] = item.message;
  json["type"] = TypeName(item.type);
  json["count"] = 1;
  json["firstTimestamp"] = FormatTime(item.at);
  json["lastTimestamp"] = FormatTime(item.at);
  json["reportingComponent"] = component_;
  json["source"] = {{"component", component_}};
  const Result<Object> created =
      client_.Create(ctx_.WithTimeout(std::chrono::seconds(10)), v1::kEvents, event);
  if (!created.ok()) return created.error();
  Remember({identity, key, 1, clock_->Mono()});
  return OkStatus();
}

}  // namespace gantry::runtime
