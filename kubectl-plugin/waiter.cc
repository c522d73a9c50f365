#include "kubectl-plugin/waiter.h"

#include <fmt/format.h>

#include <algorithm>

#include "apis/machinery/meta/condition.h"
#include "kubectl-plugin/errors.h"

namespace gantry::kubectl {
namespace {

constexpr auto kRetryAfter = std::chrono::milliseconds(300);
constexpr auto kForEver = std::chrono::hours(24 * 365);

// Whether asking again may help.
bool IsPassing(const Error& e) {
  return e.code == Code::kUnavailable || e.code == Code::kExpired ||
         e.code == Code::kTooManyRequests;
}

// One look and then the watch from there. True when `met`.
Result<bool> Follow(const client::Client& client, const Context& ctx, const ServedResource& type,
                    const ObjectKey& key, bool look_once, const Met& met) {
  client::ListOptions options;
  options.field_selector = "metadata.name=" + key.name;
  GANTRY_TRY_SET(const client::List list, client.ListPage(ctx, type.resource, key.ns, options));
  const auto found = std::find_if(list.items.begin(), list.items.end(),
                                  [&key](const Object& o) { return o.name() == key.name; });
  if (met(found == list.items.end() ? nullptr : &*found)) return true;
  if (look_once) return false;
  options.resource_version = list.resource_version;
  GANTRY_TRY_SET(const auto watcher, client.Watch(ctx, type.resource, key.ns, options));
  while (true) {
    GANTRY_TRY_SET(const client::WatchEvent event, watcher->Next());
    if (event.type == client::WatchEvent::Type::kBookmark || event.object.name() != key.name)
      continue;
    const bool deleted = event.type == client::WatchEvent::Type::kDeleted;
    if (met(deleted ? nullptr : &event.object)) return true;
  }
}

}  // namespace

Status WaitForObject(Session& session, const ServedResource& type, const ObjectKey& key,
                     Duration timeout, const Met& met) {
  GANTRY_TRY_SET(const client::Client* client, session.client());
  const Error too_late(Code::kTimeout, "timed out");
  const bool look_once = timeout.count() == 0;
  const Context ctx = look_once
                          ? session.ctx()
                          : session.ctx().WithTimeout(timeout.count() < 0 ? kForEver : timeout);
  for (bool reached = false;; reached = true) {
    const Result<bool> done = Follow(*client, ctx, type, key, look_once, met);
    if (done.ok()) return *done ? OkStatus() : Status(too_late);
    if (const Status check = ctx.Check(); !check.ok()) {
      return check.code() == Code::kTimeout ? Status(too_late) : check;
    }
    // The first failure counts, unless the watch had just come to its end.
    if (!IsPassing(done.error()) || (!reached && done.error().message.rfind("The conn", 0) == 0)) {
      return done.error();
    }
    if (!ctx.SleepFor(kRetryAfter).ok()) return too_late;
  }
}

Result<Duration> ParseTimeout(const std::string& text) {
  if (!text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return isdigit(c); })) {
    return Duration(std::chrono::seconds(std::stoll(text.substr(0, 9))));
  }
  const bool negative = !text.empty() && text[0] == '-';
  const auto parsed = ParseDuration(negative ? text.substr(1) : text);
  if (!parsed.ok()) {
    return LocalError(fmt::format("invalid duration \"{}\": write 30s, 5m or 1h30m", text));
  }
  return negative ? -*parsed : *parsed;
}

std::string StateLine(const Object& object) {
  const Json* ready = FindCondition(object.status(), "Ready");
  std::string line = GetString(object.status(), "phase");
  if (ready) {
    for (const char* field : {"reason", "message"}) {
      if (const std::string text = GetString(*ready, field); !text.empty()) {
        line += (line.empty() ? "" : ": ") + text;
      }
    }
  }
  return line;
}

}  // namespace gantry::kubectl
