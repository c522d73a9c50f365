#include "controllers/drivers/docker/api_version.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace gantry::docker {
namespace {

std::optional<int> ParsePart(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// 1.41 as 1000041, so that 1.9 is less than 1.10.
std::optional<int> Parse(std::string_view version) {
  const size_t dot = version.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto major = ParsePart(version.substr(0, dot));
  const auto minor = ParsePart(version.substr(dot + 1));
  if (!major || !minor) return std::nullopt;
  return *major * 1000000 + *minor;
}

}  // namespace

Result<std::string> ChooseApiVersion(std::string_view daemon) {
  const auto theirs = Parse(daemon);
  if (!theirs) {
    return Error(Code::kInvalid,
                 fmt::format("not a Docker Engine: its API version is '{}'", daemon));
  }
  if (*theirs < *Parse(kOldestApiVersion)) {
    return Error(Code::kInvalid, fmt::format("engine API version must be at least {}, got {}",
                                             kOldestApiVersion, daemon));
  }
  return std::string(*theirs < *Parse(kNewestApiVersion) ? daemon : kNewestApiVersion);
}

bool IsAtLeast(std::string_view version, std::string_view minimum) {
  return Parse(version).value_or(0) >= Parse(minimum).value_or(0);
}

bool IsVersionRefusal(std::string_view message) {
  return message.find("client version") != std::string_view::npos &&
         (message.find("too new") != std::string_view::npos ||
          message.find("too old") != std::string_view::npos);
}

}  // namespace gantry::docker
