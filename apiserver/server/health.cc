#include "apiserver/server/health.h"

#include <fmt/format.h>

namespace gantry::apiserver {
namespace {

Response Text(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.headers.Set("X-Content-Type-Options", "nosniff");
  response.body = std::move(body);
  return response;
}

}  // namespace

void HealthChecks::Add(std::string name, bool ready_only, Check check) {
  checks_.push_back({std::move(name), ready_only, std::move(check)});
}

Response HealthChecks::Answer(std::string_view path, const Query& query) const {
  path.remove_prefix(1);
  const std::string_view endpoint = path.substr(0, path.find('/'));
  const std::string_view one =
      path.size() > endpoint.size() ? path.substr(endpoint.size() + 1) : std::string_view();
  const bool ready = endpoint == "readyz";

  std::string lines;
  bool failed = false;
  bool found = one.empty();
  for (const Named& c : checks_) {
    if (!one.empty() && c.name != one) continue;
    if (one.empty() && c.ready_only && !ready) continue;
    found = true;
    const Status status = c.check();
    failed |= !status.ok();
    lines += status.ok() ? fmt::format("[+]{} ok\n", c.name)
                         : fmt::format("[-]{} failed: {}\n", c.name, status.error().message);
  }
  if (!found) return Text(404, fmt::format("there is no check '{}'\n", one));
  if (failed) return Text(500, lines + fmt::format("{} check failed\n", endpoint));
  if (query.Has("verbose")) return Text(200, lines + fmt::format("{} check passed\n", endpoint));
  return Text(200, "ok");
}

}  // namespace gantry::apiserver
