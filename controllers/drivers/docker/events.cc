#include "controllers/drivers/docker/events.h"

#include <fmt/format.h>

#include <algorithm>

namespace gantry::docker {
namespace {
constexpr size_t kRemembered = 1024;
constexpr int64_t kSecond = 1000000000;
}  // namespace

bool EventDedupe::Add(const Event& e) {
  std::string key = fmt::format("{} {} {}", e.time_nano, e.action, e.id);
  if (!seen_.insert(key).second) return false;
  order_.push_back(std::move(key));
  if (order_.size() > kRemembered) {
    seen_.erase(order_.front());
    order_.pop_front();
  }
  return true;
}

std::string EventsSince(int64_t time_nano) {
  const int64_t t = std::max<int64_t>(time_nano - kSecond, 1);
  return fmt::format("{}.{:09}", t / kSecond, t % kSecond);
}

}  // namespace gantry::docker
