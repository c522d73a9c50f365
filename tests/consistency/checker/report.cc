#include "tests/consistency/checker/report.h"

#include <fmt/format.h>

namespace gantry::consistency {
namespace {

constexpr size_t kShownEach = 5;
constexpr const char* kNames[kProperties] = {"Known",    "Once",      "Sequential", "Linearizable",
                                             "Snapshot", "Monotonic", "Ordered",    "Unique",
                                             "Atomic",   "Reliable",  "Resumable",  "Bookmarkable"};

std::string Numbered(size_t line, const std::string& text) {
  return line == 0 ? text : fmt::format("line {}: {}", line, text);
}

}  // namespace

const char* PropertyName(Property property) { return kNames[static_cast<size_t>(property)]; }

void Report::Add(Property property, std::string what, std::vector<std::string> evidence) {
  ++total_;
  if (++counts_[static_cast<size_t>(property)] > kShownEach) return;
  violations_.push_back({property, std::move(what), std::move(evidence)});
}

std::string Report::Text() const {
  if (ok()) return "ok";
  std::string text = fmt::format("{} violations:", total_);
  for (size_t i = 0; i < kProperties; ++i) {
    if (counts_[i] != 0) text += fmt::format(" {} {}", kNames[i], counts_[i]);
  }
  for (const Violation& v : violations_) {
    text += fmt::format("\n{}: {}", PropertyName(v.property), v.what);
    for (const std::string& line : v.evidence) text += "\n    " + line;
  }
  return text;
}

std::string Show(const Operation& operation) {
  return Numbered(operation.line, OperationLine(operation));
}

std::string Show(const Watch& watch) {
  return Numbered(watch.line, WatchLine(static_cast<int64_t>(watch.line), watch));
}

std::string Show(const Watch& watch, const WatchEvent& event) {
  return EventLine(static_cast<int64_t>(watch.line), event);
}

}  // namespace gantry::consistency
