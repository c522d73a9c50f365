#include <algorithm>
#include <iterator>

#include "apiserver/filters/filters.h"

namespace gantry::apiserver {
namespace {

constexpr size_t kLongestPath = 1024;
constexpr size_t kLongestValue = 256;
constexpr size_t kMostParameters = 16;

// Parameters of the API itself, whose values are no secrets. The command of exec is not among them.
bool IsHarmless(std::string_view name) {
  static constexpr std::string_view kHarmless[] = {"allowWatchBookmarks",
                                                   "as",
                                                   "container",
                                                   "continue",
                                                   "dryRun",
                                                   "fieldManager",
                                                   "fieldSelector",
                                                   "fieldValidation",
                                                   "follow",
                                                   "force",
                                                   "includeObject",
                                                   "labelSelector",
                                                   "limit",
                                                   "limitBytes",
                                                   "pretty",
                                                   "previous",
                                                   "propagationPolicy",
                                                   "resourceVersion",
                                                   "resourceVersionMatch",
                                                   "sendInitialEvents",
                                                   "since",
                                                   "sinceSeconds",
                                                   "sinceTime",
                                                   "stderr",
                                                   "stdin",
                                                   "stdout",
                                                   "tail",
                                                   "tailLines",
                                                   "timeout",
                                                   "timeoutSeconds",
                                                   "timestamps",
                                                   "tty",
                                                   "verbose",
                                                   "watch"};
  return std::find(std::begin(kHarmless), std::end(kHarmless), name) != std::end(kHarmless);
}

void AppendBounded(std::string_view text, size_t most, std::string* out) {
  out->append(text.substr(0, most));
  if (text.size() > most) out->append("...");
}

}  // namespace

std::string LoggableUri(const Request& request) {
  std::string uri;
  AppendBounded(request.path, kLongestPath, &uri);
  char separator = '?';
  size_t shown = 0;
  for (const auto& [name, value] : request.query.all()) {
    uri.push_back(std::exchange(separator, '&'));
    if (++shown > kMostParameters) {
      uri.append("...");
      break;
    }
    AppendBounded(name, kLongestValue, &uri);
    uri.push_back('=');
    if (IsHarmless(name)) {
      AppendBounded(value, kLongestValue, &uri);
    } else if (!value.empty()) {
      uri.append("<hidden>");
    }
  }
  return uri;
}

}  // namespace gantry::apiserver
